package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"libckpt/internal/wire"
)

func rebuildCommand() *cobra.Command {
	var c client
	var waive string
	var end bool
	cmd := &cobra.Command{
		Use:   "rebuild",
		Short: "Restore the checkpoints of a lost directors' store from the nodes",
		Long: `rebuild is for the case that the data directories of all directors are lost. Start the directors anew on empty
directories, then run it on a node that holds replicas. A checkpoint lives again once every node has reported that
may have all of its updates. What it still waits for is printed; run it again to see more.

--waive NODE no longer waits for a node that will not come back. --end ends the rebuild: replicas that turn up
later are kept, but not served.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			r := wire.OperatorRequest{Action: wire.OperatorRebuild, Node: waive}
			if end {
				if waive != "" {
					return errors.New("--waive and --end exclude each other")
				}
				r.Action = wire.OperatorRebuildEnd
			}
			return c.operate(cmd, r, printWaiting, func(r *wire.OperatorReply) any { return waitingOf(r) })
		},
	}
	c.flags(cmd)
	cmd.Flags().StringVar(&waive, "waive", "", "`node` not to wait for any more")
	cmd.Flags().BoolVar(&end, "end", false, "end the rebuild")
	return cmd
}

// waitingEntry is a checkpoint that is not restored yet in JSON.
type waitingEntry struct {
	Checkpoint uint64   `json:"checkpoint"`
	Name       string   `json:"name"`
	Nodes      []string `json:"nodes"`  // that have to report
	Reason     string   `json:"reason"` // why it is not restored although none has to
}

func waitingOf(r *wire.OperatorReply) any {
	waiting := struct {
		Waiting []waitingEntry `json:"waiting"`
		More    uint32         `json:"more"` // entries left out
	}{Waiting: make([]waitingEntry, 0, len(r.Waiting)), More: r.More}
	for _, e := range r.Waiting {
		waiting.Waiting = append(waiting.Waiting, waitingEntry{e.Checkpoint, e.Name, e.Nodes, e.Text})
	}
	return waiting
}

func printWaiting(w io.Writer, r *wire.OperatorReply) {
	if len(r.Waiting) == 0 {
		fmt.Fprintln(w, "nothing that was announced waits")
		return
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "CHECKPOINT\tWAITS FOR")
	for _, e := range r.Waiting {
		reason := e.Text
		if len(e.Nodes) > 0 {
			reason = "nodes " + strings.Join(e.Nodes, ", ")
		}
		fmt.Fprintf(t, "%s\t%s\n", printable(e.Name), reason)
	}
	t.Flush()
	if r.More > 0 {
		fmt.Fprintf(w, "and %d more\n", r.More)
	}
}

func recoverCommand() *cobra.Command {
	var c client
	r := wire.OperatorRequest{Action: wire.OperatorRecover}
	cmd := &cobra.Command{
		Use:   "recover NAME --from NODE --accept-loss",
		Short: "Make a copy that lacks updates the valid one",
		Long: `recover is for a checkpoint whose nodes with all updates will not come back: the copy on another node becomes the
only valid one. Updates that this copy lacks are lost, which --accept-loss has to say.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			r.Name = args[0]
			done := struct {
				Recovered string `json:"recovered"`
				From      string `json:"from"`
			}{r.Name, r.Node}
			return c.operate(cmd, r, func(w io.Writer, _ *wire.OperatorReply) {
				fmt.Fprintln(w, "recovered", printable(r.Name), "from", r.Node)
			}, func(*wire.OperatorReply) any { return done })
		},
	}
	c.flags(cmd)
	cmd.Flags().StringVar(&r.Node, "from", "", "`node` whose copy it is")
	cmd.Flags().BoolVar(&r.AcceptLoss, "accept-loss", false, "lose the updates that the copy lacks")
	if err := cmd.MarkFlagRequired("from"); err != nil {
		panic(err)
	}
	return cmd
}
