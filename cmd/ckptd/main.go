// Ckptd is the director: it keeps the names, placement and configurations of a cluster's checkpoints.
package main

import (
	"github.com/spf13/cobra"

	"libckpt/cmd/internal/daemon"
	"libckpt/internal/config"
	"libckpt/internal/release"
)

func main() {
	cmd := &cobra.Command{
		Use:   "ckptd",
		Short: "Director of the checkpoint service",
		Long: `ckptd keeps the names, placement and configurations of a cluster's checkpoints.

It finds the bus through the run directory it shares with the node director on its machine, or on external
NATS servers (--nats). It stops on SIGTERM or SIGINT and can be started again at any time: applications
that have their checkpoints open go on reading and writing meanwhile.`,
		Args:          cobra.NoArgs,
		Version:       release.Version,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := config.Load(cmd.Flags())
			if err != nil {
				return err
			}
			return daemon.RunDirector(c)
		},
	}
	config.Flags(cmd.Flags(), config.Director)
	daemon.WrapHelp(cmd)
	daemon.Main("ckptd", cmd.Execute)
}
