// Package bus connects a daemon to NATS, or embeds a NATS server in it.
//
// An embedded server listens on the loopback interface, on a port of its own choosing, and lets in who has a
// credential: the daemons with one secret, each session of an application with its own, good for that session's
// subjects only. Address and daemon secret are in a file that only the service's user can read (File), so that a
// director in another process finds the server, also after a restart on another port.
//
// The embedded servers of a cluster become one bus by routes (Routes): who shows the cluster's secret, or with TLS a
// certificate, is another server and may pass on everything. A message goes from one server to the other directly, so every
// server needs a route to every other: they learn the addresses from each other. A route is two TCP connections: what node
// directors send each other with Credentials.ControlUser has one to itself, so that leases do not wait behind updates.
//
// An external server is used as it is configured; nothing in libckpt depends on the embedded one.
package bus

import "time"

// Limits of this package.
const (
	startTimeout          = 5 * time.Second        // for the embedded server to accept connections
	dialTimeout           = 2 * time.Second        // for one attempt to connect
	reconnectWaitMax      = 250 * time.Millisecond // between attempts
	reconnectWaitStep     = 10 * time.Millisecond  // added with each attempt
	pingInterval          = 5 * time.Second        // to notice a dead connection
	pingsOutstanding      = 2
	routePingsOutstanding = 2
	routePing             = time.Second     // between servers: one that has come back is to be taken for new soon
	routeTimeout          = 2 * time.Second // for TLS between servers
	routeRetries          = 60              // to connect, a second each, to a server that others have told of
	pendingBytesMax       = 8 << 20         // kept for sending while there is no connection
	maxPayload            = 1 << 20         // bytes of one message, unless configured
	closedClientsKept     = 16              // connections the embedded server remembers after their end; nobody asks it about them
)
