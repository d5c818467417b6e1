"""The agreement with the agencies: records, topics, and the bytes between them.

What is agreed lies in the `.avsc` files beside this module: one file per record and version, never
edited once published. `codec` turns a record's fields into bytes and back, `topics` is the
catalogue of topics, `persons` knows what an identifier of a person must look like, and `errors`
says what can be wrong with what somebody sent.

Imports nothing else of baton.
"""
