package main

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"libckpt/agent"
	"libckpt/internal/wire"
)

func statusCommand() *cobra.Command {
	var c client
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show the node director that answers",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.ask("", func(ctx context.Context, a *agent.Agent) error {
				r, err := a.NodeStatus(ctx)
				if err != nil {
					return err
				}
				s := status{r.Cluster, r.Node, r.Release, r.Director, r.Replicas, r.ReplicasMax, r.Sessions,
					r.MemoryUsed, r.MemoryMax, time.Duration(r.Uptime).Seconds(), r.Malformed, r.Outside}
				return c.print(cmd.OutOrStdout(), s, func(w io.Writer) { printStatus(w, r) })
			})
		},
	}
	c.flags(cmd)
	return cmd
}

// status is a node director in JSON.
type status struct {
	Cluster     string  `json:"cluster"`
	Node        string  `json:"node"`
	Release     string  `json:"release"`
	Director    string  `json:"director"` // "" = none can be reached
	Replicas    uint32  `json:"replicas"`
	ReplicasMax uint32  `json:"replicasMax"`
	Sessions    uint32  `json:"sessions"`
	MemoryUsed  uint64  `json:"memoryUsed"` // bytes
	MemoryMax   uint64  `json:"memoryMax"`  // bytes, 0 = no limit
	Uptime      float64 `json:"uptime"`     // seconds
	Malformed   uint64  `json:"malformed"`  // messages dropped
	Outside     bool    `json:"outside"`    // the cluster: an operator has locked the node
}

func printStatus(w io.Writer, r *wire.NodeStatusReply) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	director := r.Director
	if director == "" {
		director = "none can be reached: open, close and unlink wait"
	}
	memory := sizeText(r.MemoryUsed)
	if r.MemoryMax != 0 {
		memory += " of " + sizeText(r.MemoryMax)
	}
	fmt.Fprintf(t, "cluster\t%s\n", r.Cluster)
	fmt.Fprintf(t, "node\t%s\n", r.Node)
	if r.Outside {
		fmt.Fprintf(t, "membership\toutside the cluster: locked by an operator\n")
	}
	fmt.Fprintf(t, "release\t%s\n", r.Release)
	fmt.Fprintf(t, "up for\t%v\n", time.Duration(r.Uptime).Truncate(time.Second))
	fmt.Fprintf(t, "director\t%s\n", director)
	fmt.Fprintf(t, "replicas\t%d of %d\n", r.Replicas, r.ReplicasMax)
	fmt.Fprintf(t, "shared memory\t%s\n", memory)
	fmt.Fprintf(t, "sessions\t%d\n", r.Sessions)
	fmt.Fprintf(t, "malformed messages\t%d\n", r.Malformed)
	t.Flush()
}
