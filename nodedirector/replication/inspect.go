package replication

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
