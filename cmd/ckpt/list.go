package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"libckpt/agent"
	"libckpt/internal/wire"
)

func listCommand() *cobra.Command {
	var c client
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the cluster's checkpoints",
		Long: `list prints one line for each checkpoint of the cluster: its name, how updates reach its replicas, the node of
the active replica, the nodes with replicas, and whether some process has it open.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.ask("", func(ctx context.Context, a *agent.Agent) error {
				list, err := a.List(ctx)
				if err != nil {
					return err
				}
				all := make([]summary, len(list))
				for i := range list {
					all[i] = summarise(&list[i])
				}
				return c.print(cmd.OutOrStdout(), all, func(w io.Writer) { printList(w, all) })
			})
		},
	}
	c.flags(cmd)
	return cmd
}

// summary is a checkpoint in list.
type summary struct {
	Name          string   `json:"name"`
	Number        uint64   `json:"number"`
	CreationFlags uint32   `json:"creationFlags"`
	Active        string   `json:"active"` // "" = none
	InSync        []string `json:"inSync"`
	Joining       []string `json:"joining"`
	Open          []string `json:"open"` // nodes
	Unlinked      bool     `json:"unlinked"`
}

func summarise(c *wire.Config) summary {
	return summary{c.Name, c.Checkpoint, c.Attributes.CreationFlags, c.Active, list(c.InSync), list(c.Joining), list(c.Open), c.Unlinked}
}

// list makes JSON show no nodes as [].
func list(nodes []string) []string { return append([]string{}, nodes...) }

func printList(w io.Writer, all []summary) {
	if len(all) == 0 {
		fmt.Fprintln(w, "no checkpoints")
		return
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "NAME\tUPDATES\tACTIVE\tREPLICAS\tSTATE")
	for _, s := range all {
		active := s.Active
		if active == "" {
			active = "none"
		}
		state := "retained"
		if len(s.Open) != 0 {
			state = "open"
		}
		if s.Unlinked {
			state += ", unlinked"
		}
		replicas := strings.Join(s.InSync, " ")
		for _, n := range s.Joining {
			replicas += " (" + n + ")"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", printable(s.Name), updateMode(s.CreationFlags), active, strings.TrimSpace(replicas), state)
	}
	t.Flush()
}
