package replication

// Complete reports whether there is a replica here that has all updates that were committed up to its number.
func (c *Core) Complete() bool { return c.store != nil && c.kept.Complete }

// Acting reports whether this node would act as the active one at a moment: at no time two nodes may. It changes nothing;
// tests ask for it.
func (c *Core) Acting(now int64) bool {
	if c.lead == nil || c.unkept {
		return false
	}
	before := c.now
	c.now = now
	acting := c.acting()
	c.now = before
	return acting
}

// Unkept reports whether the present configuration could not be kept with the replica: the next process will not know of it.
func (c *Core) Unkept() bool { return c.unkept }
