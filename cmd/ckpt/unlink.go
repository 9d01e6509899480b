package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"libckpt/agent"
)

func unlinkCommand() *cobra.Command {
	var c client
	cmd := &cobra.Command{
		Use:   "unlink NAME",
		Short: "Take a checkpoint's name away",
		Long: `unlink takes a checkpoint's name away at once. Processes that have it open go on using it; it is deleted when the
last of them closes it, or now if nobody has it open.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.ask(args[0], func(ctx context.Context, a *agent.Agent) error {
				if err := a.Unlink(ctx, args[0]); err != nil {
					return err
				}
				done := struct {
					Unlinked string `json:"unlinked"`
				}{args[0]}
				return c.print(cmd.OutOrStdout(), done, func(w io.Writer) { fmt.Fprintln(w, "unlinked", printable(args[0])) })
			})
		},
	}
	c.flags(cmd)
	return cmd
}
