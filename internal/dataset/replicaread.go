package dataset

import "libckpt/internal/segment"

// Sections yields every section, which is yield's to keep, in the order of the updates that changed them last, until yield
// returns an error, which Sections then returns. yield may read content and must not change the copy.
func (r *ReplicaCopy) Sections(yield func(s segment.Section) error) error {
	return r.stmts[stmtList].Query(func(row Row) error {
		s := segment.Section{
			ID: append([]byte{}, row.Bytes(0)...), Size: uint64(row.Integer(1)), Expiration: row.Integer(2),
			LastUpdate: row.Integer(3), Number: uint64(row.Integer(4)), Corrupted: row.Integer(5) != 0,
		}
		return yield(s)
	})
}

// Content reads the whole content of a section into buf, whose length must be the section's size.
func (r *ReplicaCopy) Content(id, buf []byte) error {
	key, size, err := r.existing(id)
	switch {
	case err != nil:
		return err
	case size != uint64(len(buf)):
		return r.damaged()
	}
	clear(buf)
	return r.stmts[stmtChunks].Query(func(row Row) error {
		offset := uint64(row.Integer(0)&(chunksMax-1)) * ChunkBytes
		data := row.Bytes(1)
		if offset+uint64(len(data)) > size {
			return r.damaged()
		}
		copy(buf[offset:], data)
		return nil
	}, place(key, 0), place(key, chunksMax-1))
}

// Check looks at the structure of the whole file. The error is an *Error if something is wrong with it.
func (r *ReplicaCopy) Check() error {
	return r.stmts[stmtCheck].Query(func(row Row) error {
		if string(row.Bytes(0)) != "ok" {
			return r.damaged()
		}
		return nil
	})
}
