package agent

import "libckpt/internal/wire"

// RequireMember is for the clients that are served only while their node is a member of the cluster (saCkpt* from B.02.02
// on). left is called once, as soon as the node leaves; it may leave and come back before anybody looks. It is called with
// Agent.mu held, so it must neither wait nor call this package, and not any more after StartClose. Codes: Unavailable, if the
// node is outside the cluster at the moment; BadHandle, if the Library or Agent was closed; left is not called then.
func (l *Library) RequireMember(left func()) Code {
	a := l.a
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case l.closed, a.closed:
		return wire.BadHandle
	case a.outside:
		return wire.Unavailable
	}
	a.members[l] = left
	return wire.OK
}

// setMembership takes note of what the node director says.
func (a *Agent) setMembership(m wire.Membership) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.outside = m.Outside
	if !m.Outside && !m.Left {
		return
	}
	for l, left := range a.members {
		delete(a.members, l)
		left()
	}
}
