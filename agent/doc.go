// Package agent is the client of the checkpoint service in an application's process. It knows no C; capi puts the C
// APIs on top of it, and Go programs use it by itself:
//
//	a, err := agent.Dial(ctx, agent.Options{RunDir: dir})
//	c, err := a.Open(ctx, "calls", agent.OpenOptions{Flags: agent.OpenRead | agent.OpenWrite | agent.OpenCreate, Attributes: &attributes})
//	err = c.Overwrite(ctx, []byte("call-1"), state)
//	n, err := c.Read(ctx, []byte("call-1"), 0, buffer)
//
// # How it is built
//
// An Agent has one session (a Unix socket to the node director: who we are, that we live, replica segments) and one
// bus connection (requests, replies, events). The keeper goroutine brings both up, and again after a loss, for as long as
// anything is open or a call waits.
//
// Everything an application asks becomes a request. A request takes one of the session's slots, is sent, sent again
// while unanswered, and ends exactly once: by its reply or by its deadline. (session, slot, number) names it for ever, so
// sending it again is harmless. A request that ends with TryAgain was not carried out and never will be: no copy of it
// was handed to the bus, or every copy is known to have been turned away. A request whose fate is unknown, or whose time
// was over when it came, ends with Timeout.
//
// The methods named Start… never wait: they return at once and call a function when the call has ended. The others wait
// for that. A Library groups the checkpoints of one user and has the queue of their callbacks and notifications, which
// are derived from the numbered events of each checkpoint: a gap in the numbers, or a full queue, is repaired by asking
// the node director what has changed since.
//
// Locks: Agent.mu guards requests and connections, feeds.mu events, queue.mu one library's queue. A goroutine takes
// them in the order feeds.mu, queue.mu; nothing is locked together with Agent.mu. No completion is called with a lock held.
package agent
