"""Closed months of events as Parquet files, which everything that reads events reads with the table.

`months` (pure) says which months there are and which are closed; `places` which of them are archived, and where their
files lie; `files` writes one and believes it only after reading it back; `reading` asks the files what the table is
asked, in the same statement; `merging` puts two ordered streams together; `moving` takes a month out of the table and
back, `whole` with its partition where PostgreSQL has one; `changing` takes people and old events out of files; `ids`
knows which ids are archived; `incoming` reads events from elsewhere.

A file counts where the table `archived_month` names it, and only then: moving a month is one transaction of the
database, and whoever reads sees the rows in the table or in the file, never in both and never in none.
"""
