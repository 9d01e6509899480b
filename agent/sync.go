package agent

import (
	"context"
	"iter"
	"time"

	"libckpt/internal/wire"
)

// Part is a part of a section to write.
type Part struct {
	ID     []byte
	Offset uint64
	Data   []byte
}

// Create creates a section with data, expiring at a wall-clock time (ns since 1970; math.MaxInt64 = never). Errors: see StartCreate.
func (c *Checkpoint) Create(ctx context.Context, id, data []byte, expiration int64) error {
	_, err := c.a.wait(ctx, func(d time.Duration, done func(*Result)) {
		c.StartCreate(id, data, CreateOptions{Expiration: expiration}, d, done)
	})
	return err
}

// CreateGenerated creates a section with an id that the service makes, and returns that.
func (c *Checkpoint) CreateGenerated(ctx context.Context, data []byte, expiration int64) (id []byte, err error) {
	r, err := c.a.wait(ctx, func(d time.Duration, done func(*Result)) {
		c.StartCreate(nil, data, CreateOptions{Expiration: expiration, Generate: true}, d, done)
	})
	if err != nil {
		return nil, err
	}
	return r.Generated, nil
}

// Delete deletes a section. Errors: see StartDelete.
func (c *Checkpoint) Delete(ctx context.Context, id []byte) error {
	_, err := c.a.wait(ctx, func(d time.Duration, done func(*Result)) { c.StartDelete(id, d, done) })
	return err
}

// SetExpiration sets a section's expiration time (wall-clock ns). Errors: see StartExpiration.
func (c *Checkpoint) SetExpiration(ctx context.Context, id []byte, expiration int64) error {
	_, err := c.a.wait(ctx, func(d time.Duration, done func(*Result)) { c.StartExpiration(id, expiration, d, done) })
	return err
}

// Write writes parts of sections, all or none. index names the first bad one when there is an error; see StartWrite.
func (c *Checkpoint) Write(ctx context.Context, parts ...Part) (index int, err error) {
	elements := make([]Element, len(parts))
	data := make([][]byte, len(parts))
	for i, p := range parts {
		elements[i] = Element{ID: p.ID, Offset: p.Offset, Size: uint64(len(p.Data))}
		data[i] = p.Data
	}
	r, err := c.a.wait(ctx, func(d time.Duration, done func(*Result)) { c.StartWrite(elements, data, d, done) })
	if r != nil {
		index = int(r.Index)
	}
	return index, err
}

// Overwrite makes data the whole content of a section. Errors: see StartOverwrite.
func (c *Checkpoint) Overwrite(ctx context.Context, id, data []byte) error {
	_, err := c.a.wait(ctx, func(d time.Duration, done func(*Result)) { c.StartOverwrite(id, data, d, done) })
	return err
}

// Synchronize returns when every in-sync replica has the updates made before. Errors: see StartSynchronize.
func (c *Checkpoint) Synchronize(ctx context.Context) error {
	_, err := c.a.wait(ctx, func(d time.Duration, done func(*Result)) { c.StartSynchronize(d, done) })
	return err
}

// Status describes the checkpoint.
func (c *Checkpoint) Status(ctx context.Context) (Status, error) {
	r, err := c.a.wait(ctx, func(d time.Duration, done func(*Result)) { c.StartStatus(d, done) })
	if err != nil {
		return Status{}, err
	}
	return r.Status, nil
}

// SetRetention sets how long the checkpoint lives after its last close.
func (c *Checkpoint) SetRetention(ctx context.Context, retention time.Duration) error {
	_, err := c.a.wait(ctx, func(d time.Duration, done func(*Result)) { c.StartRetention(int64(retention), d, done) })
	return err
}

// SetActive makes the local replica the active one. Errors: see StartActive.
func (c *Checkpoint) SetActive(ctx context.Context) error {
	_, err := c.a.wait(ctx, func(d time.Duration, done func(*Result)) { c.StartActive(d, done) })
	return err
}

// Sections yields the sections chosen, in the order of id length, then bytes. A section that exists all the while comes
// exactly once, whatever is created and deleted meanwhile. An error comes last, with a zero Section.
func (c *Checkpoint) Sections(ctx context.Context, choice Choice) iter.Seq2[Section, error] {
	return func(yield func(Section, error) bool) {
		var last []byte
		for resume := false; ; resume = true {
			r, err := c.a.wait(ctx, func(d time.Duration, done func(*Result)) {
				c.StartSections(choice, resume, last, wire.SectionsPageMax, d, done)
			})
			if err != nil {
				yield(Section{}, err)
				return
			}
			for _, s := range r.Sections {
				if !yield(s, nil) {
					return
				}
				last = s.ID
			}
			if !r.More || len(r.Sections) == 0 {
				return
			}
		}
	}
}

// Close closes the handle, for this process in any case. Errors: see StartClose.
func (c *Checkpoint) Close(ctx context.Context) error {
	_, err := c.a.wait(ctx, func(d time.Duration, done func(*Result)) { c.StartClose(d, done) })
	return err
}
