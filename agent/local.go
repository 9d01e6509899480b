package agent

import (
	"context"
	"errors"
	"os"
	"time"

	"libckpt/internal/segment"
	"libckpt/internal/wire"
)

// attach maps the local replica behind fd (-1: there is none), and closes fd. Without a mapping, reads ask the service.
func (c *Checkpoint) attach(fd int) {
	if fd < 0 {
		return
	}
	f := os.NewFile(uintptr(fd), "segment")
	defer func() { _ = f.Close() }()
	r, err := segment.OpenReader(f)
	if err != nil {
		return
	}
	c.local.Lock()
	defer c.local.Unlock()
	c.reader = r
}

// detach unmaps the local replica.
func (c *Checkpoint) detach() {
	c.local.Lock()
	defer c.local.Unlock()
	if c.reader != nil {
		c.reader.Close()
		c.reader = nil
	}
}

// Read reads into buf from offset of a section and returns how many bytes there were, at most len(buf). Errors: NotExist,
// InvalidParam (offset beyond the section), FailedOperation (corrupted section), Access, BadHandle, TryAgain, Timeout.
func (c *Checkpoint) Read(ctx context.Context, id []byte, offset uint64, buf []byte) (int, error) {
	if c.flags&wire.OpenRead == 0 {
		return 0, wire.Access
	}
	n, err := c.readLocal(ctx, id, offset, buf)
	if !errors.Is(err, segment.ErrAsk) {
		return n, err
	}
	got := buf[:0]
	alloc := func(_ int, size uint64) []byte {
		got = make([]byte, size) // not buf: the call may outlive ctx
		return got
	}
	_, err = c.a.wait(ctx, func(d time.Duration, done func(*Result)) {
		c.StartRead([]Element{{ID: id, Offset: offset, Size: uint64(len(buf))}}, alloc, d, done)
	})
	if err != nil {
		return 0, err
	}
	return copy(buf, got), nil
}

// readLocal reads from the mapped replica; segment.ErrAsk when that can't be done.
func (c *Checkpoint) readLocal(ctx context.Context, id []byte, offset uint64, buf []byte) (int, error) {
	n, err := c.readMapped(id, offset, buf)
	if errors.Is(err, segment.ErrRemap) && c.remap(ctx) {
		n, err = c.readMapped(id, offset, buf)
	}
	switch {
	case err == nil:
		return n, nil
	case errors.Is(err, segment.ErrNoSection):
		return 0, wire.NotExist
	case errors.Is(err, segment.ErrBadOffset):
		return 0, wire.InvalidParam
	case errors.Is(err, segment.ErrCorrupted):
		return 0, wire.FailedOperation
	}
	return 0, segment.ErrAsk
}

func (c *Checkpoint) readMapped(id []byte, offset uint64, buf []byte) (int, error) {
	c.local.RLock()
	defer c.local.RUnlock()
	if c.reader == nil {
		return 0, segment.ErrAsk
	}
	return c.reader.Read(id, offset, buf)
}

// remap makes the reader see a replica that has grown.
func (c *Checkpoint) remap(ctx context.Context) bool {
	r, err := c.a.wait(ctx, func(d time.Duration, done func(*Result)) { c.StartReplica(d, done) })
	if err != nil {
		return false
	}
	f := os.NewFile(uintptr(r.Segment), "segment")
	defer func() { _ = f.Close() }()
	c.local.RLock()
	defer c.local.RUnlock()
	return c.reader != nil && c.reader.Remap(f) == nil
}
