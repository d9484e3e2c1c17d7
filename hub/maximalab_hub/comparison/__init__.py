"""Work in class beside work out of class, group beside group, term beside term: per person, with tests.

`figures` says what each person did; `findings` compares; `grid` shows how the result moves with the choices; `rhythm`
draws the week; `report` joins them, under pseudonyms and without small cells; `words` says what it means.
"""
