// Ckptnd is the node director: it holds the replicas of its node and serves the applications there.
package main

import (
	"libckpt/cmd/internal/daemon"
	"libckpt/internal/config"
)

func main() {
	p := daemon.Program{
		Name:   "ckptnd",
		Daemon: config.Node,
		Run:    daemon.RunNode,
		Short:  "Node director of the checkpoint service",
		Long: `ckptnd holds the replicas of its node and serves the applications there.

It embeds the bus (a NATS server on the loopback interface) unless external NATS servers are named (--nats).
Once calls succeed it prints the line "ready RUN-DIRECTORY" on standard output. It stops on SIGTERM or
SIGINT and can be started again at any time, also after kill -9: the replicas outlive it, applications go on
reading meanwhile, and their handles go on working afterwards.`,
	}
	p.Main()
}
