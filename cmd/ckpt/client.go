package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"libckpt/agent"
	"libckpt/internal/rundir"
	"libckpt/internal/wire"
)

// client is what the commands that ask the service have in common.
type client struct {
	runDir  string
	timeout time.Duration
	json    bool
}

const defaultTimeout = 10 * time.Second

func (c *client) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&c.runDir, "run-dir", "", "`directory` of the service to ask (default "+rundir.Application()+")")
	cmd.Flags().DurationVar(&c.timeout, "timeout", defaultTimeout, "longest wait for an answer")
	cmd.Flags().BoolVar(&c.json, "json", false, "print JSON")
}

// ask connects and runs f. Its errors are one line that says what to do.
func (c *client) ask(name string, f func(context.Context, *agent.Agent) error) error {
	if c.timeout <= 0 {
		return errors.New("--timeout must be more than 0")
	}
	dir := c.runDir
	if dir == "" {
		dir = rundir.Application()
	}
	ctx, cancel := context.WithTimeout(context.Background(), c.timeout)
	defer cancel()
	if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
		return noService(dir)
	}
	var refusal string
	a, err := agent.Dial(ctx, agent.Options{RunDir: dir, Warn: func(line string) { refusal = line }})
	if err != nil {
		switch {
		case refusal != "":
			return errors.New(refusal)
		case errors.Is(err, wire.TryAgain), errors.Is(err, context.DeadlineExceeded):
			return noService(dir)
		}
		return err
	}
	defer a.Close()
	return explain(f(ctx, a), name)
}

func noService(dir string) error {
	return fmt.Errorf("no service answers in %s: start one with \"ckpt up\", or name its directory with --run-dir", dir)
}

// explain says in words what a code means to somebody who typed a command about the checkpoint name.
func explain(err error, name string) error {
	var code wire.Code
	if !errors.As(err, &code) {
		return err
	}
	switch code {
	case wire.NotExist:
		return fmt.Errorf("no checkpoint has the name %s: see \"ckpt list\"", printable(name))
	case wire.TryAgain, wire.Timeout:
		return fmt.Errorf("the service did not answer in time (%v): see its log, or \"ckpt status\"", code)
	case wire.Access:
		return fmt.Errorf("this user may not do that (%v)", code)
	}
	return fmt.Errorf("the service refused: %v", code)
}

// print writes v as JSON, or as text says.
func (c *client) print(w io.Writer, v any, text func(io.Writer)) error {
	if c.json {
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(v)
	}
	text(w)
	return nil
}
