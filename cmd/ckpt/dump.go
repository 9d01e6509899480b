package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/spf13/cobra"

	"libckpt/agent"
	"libckpt/internal/wire"
)

func dumpCommand() *cobra.Command {
	var c client
	cmd := &cobra.Command{
		Use:   "dump NAME [SECTION]",
		Short: "Show what is stored in a checkpoint",
		Long: `dump prints the sections of a checkpoint, or one of them, with their content in hexadecimal and as text. In JSON
the content is in base64.

A section is named by its id, or by 0x and hexadecimal digits if that can't be typed; the default section is 0x.
dump opens the checkpoint for reading while it runs: a retention that is under way starts anew.`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			var section []byte
			if len(args) == 2 {
				var err error
				if section, err = parseSection(args[1]); err != nil {
					return err
				}
			}
			return c.ask(args[0], func(ctx context.Context, a *agent.Agent) error {
				cp, err := a.Open(ctx, args[0], agent.OpenOptions{Flags: agent.OpenRead})
				if err != nil {
					return err
				}
				out := dumper{cp: cp, w: cmd.OutOrStdout(), client: &c}
				if len(args) == 2 {
					return out.one(ctx, section)
				}
				return out.all(ctx)
			})
		},
	}
	c.flags(cmd)
	return cmd
}

type dumper struct {
	cp     *agent.Checkpoint
	w      io.Writer
	client *client
	json   []section
}

// section is a section in JSON.
type section struct {
	ID         string `json:"id"`         // as ckpt dump takes it
	Expiration int64  `json:"expiration"` // ns since 1970, 9223372036854775807 = never
	LastUpdate int64  `json:"lastUpdate"` // ns since 1970
	Corrupted  bool   `json:"corrupted"`
	Size       uint64 `json:"size"`
	Data       []byte `json:"data"` // null if corrupted
}

func (d *dumper) all(ctx context.Context) error {
	var found bool
	err := d.each(ctx, func(s *wire.Section) (bool, error) {
		found = true
		return true, d.show(ctx, s)
	})
	if err != nil {
		return err
	}
	return d.finish(func(w io.Writer) {
		if !found {
			fmt.Fprintln(w, "no sections")
		}
	})
}

func (d *dumper) one(ctx context.Context, id []byte) error {
	var found bool
	err := d.each(ctx, func(s *wire.Section) (bool, error) {
		if !bytes.Equal(s.ID, id) {
			return true, nil
		}
		found = true
		return false, d.show(ctx, s)
	})
	if err != nil {
		return err
	}
	if !found {
		return fmt.Errorf("%s has no section %s: see \"ckpt dump %s\"", printable(d.cp.Name()), sectionName(id), printable(d.cp.Name()))
	}
	return d.finish(func(io.Writer) {})
}

// each calls f with every section until it returns false or an error.
func (d *dumper) each(ctx context.Context, f func(*wire.Section) (bool, error)) error {
	for s, err := range d.cp.Sections(ctx, agent.Choice{Chosen: wire.ChooseAny}) {
		if err != nil {
			return err
		}
		if more, err := f(&s); err != nil || !more {
			return err
		}
	}
	return nil
}

func (d *dumper) show(ctx context.Context, s *wire.Section) error {
	var data []byte
	if !s.Corrupted {
		var err error
		data, err = d.read(ctx, s)
		if errors.Is(err, wire.NotExist) {
			return nil // deleted since it was listed
		}
		if err != nil {
			return err
		}
	}
	if d.client.json {
		d.json = append(d.json, section{sectionName(s.ID), s.Expiration, s.LastUpdate, s.Corrupted, s.Size, data})
		return nil
	}
	expires := "never expires"
	if s.Expiration != math.MaxInt64 {
		expires = "expires " + timeText(s.Expiration)
	}
	if s.Corrupted {
		expires += ", corrupted: only an overwrite or delete is possible"
	}
	_, err := fmt.Fprintf(d.w, "%s: %s, updated %s, %s\n%s", sectionTitle(s.ID), count(uint64(len(data)), "byte"),
		timeText(s.LastUpdate), expires, hex.Dump(data))
	return err
}

// read gives a section as it is now, which may be longer or shorter than when it was listed.
func (d *dumper) read(ctx context.Context, s *wire.Section) ([]byte, error) {
	for size := s.Size + 1; ; size *= 2 {
		data := make([]byte, size)
		n, err := d.cp.Read(ctx, s.ID, 0, data)
		if err != nil {
			return nil, err
		}
		if n < len(data) {
			return data[:n], nil
		}
	}
}

func (d *dumper) finish(text func(io.Writer)) error {
	if d.json == nil {
		d.json = []section{}
	}
	return d.client.print(d.w, d.json, text)
}
