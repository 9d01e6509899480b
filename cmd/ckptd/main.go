// Ckptd is the director: it keeps the names, placement and configurations of a cluster's checkpoints.
package main

import (
	"libckpt/cmd/internal/daemon"
	"libckpt/internal/config"
)

func main() {
	p := daemon.Program{
		Name:   "ckptd",
		Daemon: config.Director,
		Run:    daemon.RunDirector,
		Short:  "Director of the checkpoint service",
		Long: `ckptd keeps the names, placement and configurations of a cluster's checkpoints.

It finds the bus through the run directory it shares with the node director on its machine, or on external
NATS servers (--nats). It stops on SIGTERM or SIGINT and can be started again at any time: applications
that have their checkpoints open go on reading and writing meanwhile.`,
	}
	p.Main()
}
