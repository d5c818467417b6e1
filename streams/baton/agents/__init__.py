"""Thin agents: what Faust delivers goes through the ledger to pure processes, `intake` and `judge`."""
