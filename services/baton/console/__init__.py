"""The operators' pages: what stands, whose turn it is, and what may be done about it.

It reads alerts, what was done to them and the sources' heartbeats, writes `alert-actions`, and has no other power.
"""
