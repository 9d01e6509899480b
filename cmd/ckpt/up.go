package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"libckpt/cmd/internal/daemon"
	"libckpt/internal/config"
)

func upCommand() *cobra.Command {
	var nodes int
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Run the whole service in one process",
		Long: `up runs bus, director and node director in one process, until SIGTERM or SIGINT (Ctrl-C).

Once calls succeed it prints the line "ready RUN-DIRECTORY" on standard output; applications that don't find
that directory by themselves are led there by CKPT_RUN_DIR. All that it writes is in the run directory and
the data directory. After kill -9 it comes back with everything that was acknowledged when it is started again
on the same directories.

With --nodes N there are N node directors: the run directory is that of node 1, its subdirectory node-K that of
node K.`,
		Example: `  ckpt up
  ckpt up --run-dir /tmp/test/run --data-dir /tmp/test/data
  CKPT_RUN_DIR=/tmp/test/run ./program`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if nodes < 1 || nodes > daemon.NodesMax {
				return fmt.Errorf("--nodes: %d is not a number from 1 to %d", nodes, daemon.NodesMax)
			}
			c, err := config.Load(cmd.Flags())
			if err != nil {
				return err
			}
			return daemon.RunUp(c, nodes)
		},
	}
	config.Flags(cmd.Flags(), config.Up)
	cmd.Flags().IntVar(&nodes, "nodes", 1, "`number` of node directors")
	return cmd
}
