package dataset

import "libckpt/internal/segment"

// Apply does to the copy what an update does to the replica. It must be an update that the replica accepts.
func (r *ReplicaCopy) Apply(u *segment.Update) error {
	for i := range u.Ops {
		if err := r.apply(&u.Ops[i], u); err != nil {
			return err
		}
	}
	return r.SetNumber(u.Number, u.NextGenerated)
}

func (r *ReplicaCopy) apply(op *segment.Op, u *segment.Update) error {
	switch op.Kind {
	case segment.OpCreate:
		s := segment.Section{ID: op.Section, Size: uint64(len(op.Data)), Expiration: op.Expiration, LastUpdate: u.Now,
			Number: u.Number}
		if err := r.PutSection(&s); err != nil {
			return err
		}
		return r.PutContent(op.Section, 0, op.Data)
	case segment.OpDelete:
		return r.DeleteSection(op.Section)
	}
	key, size, err := r.existing(op.Section)
	if err != nil {
		return err
	}
	switch op.Kind {
	case segment.OpSetExpiration:
		return r.change(key, nil, op.Expiration, nil, u.Number, nil)
	case segment.OpOverwrite:
		if err := r.cut(key, uint64(len(op.Data)), size); err != nil {
			return err
		}
		if err := r.write(key, 0, op.Data, 0); err != nil {
			return err
		}
		return r.change(key, len(op.Data), nil, u.Now, u.Number, 0)
	}
	if err := r.write(key, op.Offset, op.Data, size); err != nil {
		return err
	}
	if len(op.Data) > 0 {
		size = max(size, op.Offset+uint64(len(op.Data)))
	}
	return r.change(key, size, nil, u.Now, u.Number, nil)
}

// change sets what is not nil of a section, and its number.
func (r *ReplicaCopy) change(key int64, size, expiration, lastUpdate any, number uint64, corrupted any) error {
	_, err := r.stmts[stmtChange].Run(size, expiration, lastUpdate, number, corrupted, key)
	return err
}

// PutSection makes a section, or changes one, to what s says of it. Content beyond its size goes away.
func (r *ReplicaCopy) PutSection(s *segment.Section) error {
	key, size, err := r.find(s.ID)
	switch {
	case err == errNoSection:
		err = r.stmts[stmtInsert].Query(func(row Row) error { key = row.Integer(0); return nil },
			notNull(s.ID), s.Size, s.Expiration, s.LastUpdate, s.Number, flag(s.Corrupted))
		if err == nil && key >= sectionsMax {
			err = r.tooLarge()
		}
		return err
	case err != nil:
		return err
	}
	if err := r.cut(key, s.Size, size); err != nil {
		return err
	}
	return r.change(key, s.Size, s.Expiration, s.LastUpdate, s.Number, flag(s.Corrupted))
}

// DeleteSection removes a section; one that does not exist is no error.
func (r *ReplicaCopy) DeleteSection(id []byte) error {
	key, size, err := r.find(id)
	if err == errNoSection {
		return nil
	}
	if err == nil {
		err = r.cut(key, 0, size)
	}
	if err == nil {
		_, err = r.stmts[stmtDelete].Run(key)
	}
	return err
}

// PutContent stores content of an existing section from an offset on, a multiple of ChunkBytes; so is its length, unless it
// reaches the section's end.
func (r *ReplicaCopy) PutContent(id []byte, offset uint64, data []byte) error {
	key, _, err := r.existing(id)
	if err != nil {
		return err
	}
	return r.write(key, offset, data, 0)
}

// write stores bytes at an offset of a section whose content up to kept stays where it is not written.
func (r *ReplicaCopy) write(key int64, offset uint64, data []byte, kept uint64) error {
	for len(data) > 0 {
		n, from := offset/ChunkBytes, offset%ChunkBytes
		k := min(uint64(len(data)), ChunkBytes-from)
		part := data[:k]
		if from > 0 || k < ChunkBytes && offset+k < kept {
			old, err := r.chunk(key, n)
			if err != nil {
				return err
			}
			part = make([]byte, max(uint64(len(old)), from+k))
			copy(part, old)
			copy(part[from:], data[:k])
		}
		if err := r.putChunk(key, n, part); err != nil {
			return err
		}
		data, offset = data[k:], offset+k
	}
	return nil
}

// cut makes a section of size bytes end at to, if that is less.
func (r *ReplicaCopy) cut(key int64, to, size uint64) error {
	if to >= size {
		return nil
	}
	if whole := (to + ChunkBytes - 1) / ChunkBytes; whole*ChunkBytes < size {
		if _, err := r.stmts[stmtCutChunks].Run(place(key, whole), place(key, chunksMax-1)); err != nil {
			return err
		}
	}
	if to%ChunkBytes == 0 {
		return nil
	}
	data, err := r.chunk(key, to/ChunkBytes)
	if err != nil || uint64(len(data)) <= to%ChunkBytes {
		return err
	}
	return r.putChunk(key, to/ChunkBytes, data[:to%ChunkBytes])
}

func (r *ReplicaCopy) putChunk(key int64, n uint64, data []byte) error {
	if n >= chunksMax {
		return r.tooLarge()
	}
	_, err := r.stmts[stmtPutChunk].Run(place(key, n), data)
	return err
}

// chunk gives what is stored of a chunk.
func (r *ReplicaCopy) chunk(key int64, n uint64) (data []byte, err error) {
	err = r.stmts[stmtChunk].Query(func(row Row) error {
		data = append([]byte(nil), row.Bytes(0)...)
		return nil
	}, place(key, n))
	return data, err
}
