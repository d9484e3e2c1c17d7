"""`maximalab deploy`: makes the folder of a lab in containers, on one machine or in two Swarms.

`plan` and `swarmplan` say what stands where, `texts` and `swarmtexts` write the settings, `init` makes folder and keys,
`command` is for people.
"""
