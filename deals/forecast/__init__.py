"""The forecast of deals: what is snapshotted, and the goals that it is measured by."""
