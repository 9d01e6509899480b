// Ckpt is the operator's command: it runs the service in one process, and shows and changes what is in it.
package main

import (
	"github.com/spf13/cobra"

	"libckpt/cmd/internal/daemon"
	"libckpt/internal/release"
)

func main() {
	daemon.Main("ckpt", command().Execute)
}

func command() *cobra.Command {
	root := &cobra.Command{
		Use:   "ckpt",
		Short: "Run and inspect the checkpoint service",
		Long: `ckpt runs the checkpoint service and shows what is in it.

  ckpt up                    the whole service in one process
  ckpt list                  which checkpoints there are
  ckpt show NAME             attributes, replicas and users of one
  ckpt dump NAME [SECTION]   what is stored in it
  ckpt node list             which nodes there are
  ckpt director list         which directors there are

All but up ask the service that an application would use: the one in the directory CKPT_RUN_DIR,
in the user's own run directory, or the system's.`,
		Version:       release.Version,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(upCommand(), statusCommand(), listCommand(), showCommand(), dumpCommand(), unlinkCommand(),
		nodeCommand(), directorCommand(), recoverCommand())
	daemon.WrapHelp(root)
	return root
}
