"""`maximalab deploy`: makes the folder of a lab in containers on one machine.

`plan` says what stands where, `texts` writes the settings, `init` makes folder and keys, `command` is for people.
"""
