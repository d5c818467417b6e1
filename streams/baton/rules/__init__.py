"""The rules: pure functions over facts, a moment and the partnership's policy.

The law of this folder: standard library only, no clock, no log, no randomness, no input or output. A rule
is told what is known (a `Chronology`), the moment to judge it at, and the policy; it returns findings.
It does not know how facts arrive, how alerts leave, or what time it is outside.
"""
