package dataset

import (
	"encoding/hex"
	"time"

	"libckpt/internal/wire"
)

// CreateDataset makes a dataset, or changes its group and order, which mean nothing to the store.
func (s *Store) CreateDataset(name string, dataset, group, order uint32, limit time.Duration) error {
	return s.with(name, false, limit, func(c *connection) error {
		same, err := c.db.Prepare("SELECT 1 FROM dataset WHERE id = ?1 AND grp = ?2 AND ordinal = ?3")
		if err != nil {
			return err
		}
		defer same.close()
		known := false
		err = same.Query(func(Row) error { known = true; return nil }, dataset, group, order)
		if err != nil || known {
			return err
		}
		insert, err := c.db.Prepare("INSERT OR REPLACE INTO dataset VALUES(?1, ?2, ?3)")
		if err != nil {
			return err
		}
		defer insert.close()
		_, err = insert.Run(dataset, group, order)
		return err
	})
}

// DeleteDataset deletes a dataset and its elements. NotExist: there is no such.
func (s *Store) DeleteDataset(name string, dataset uint32, limit time.Duration) error {
	return s.with(name, false, limit, func(c *connection) error {
		return c.db.Transaction(func() error {
			changed, err := c.db.run("DELETE FROM dataset WHERE id = ?1", dataset)
			if err == nil && changed == 0 {
				return wire.NotExist
			}
			if err == nil {
				_, err = c.db.run("DELETE FROM element WHERE dataset = ?1", dataset)
			}
			if err == nil {
				_, err = c.db.run("DELETE FROM record WHERE key BETWEEN ?1 AND ?2", keyOf(dataset, 0), keyOf(dataset, ownNumber))
			}
			return err
		})
	})
}

// DatasetExists reports whether a checkpoint has such a dataset; false if there is no such checkpoint.
func (s *Store) DatasetExists(name string, dataset uint32, limit time.Duration) (bool, error) {
	return found(s.with(name, false, limit, func(c *connection) error { return c.hasDataset(dataset) }))
}

func (c *connection) hasDataset(dataset uint32) error {
	known := false
	err := c.exists.Query(func(Row) error { known = true; return nil }, dataset)
	if err == nil && !known {
		return wire.NotExist
	}
	return err
}

// Write stores the dataset's own record. data is not kept. NotExist: there is no such checkpoint or dataset.
func (s *Store) Write(name string, dataset uint32, data []byte, limit time.Duration) error {
	if len(data) > DataMax {
		return wire.TooBig
	}
	return s.with(name, false, limit, func(c *connection) error {
		changed, err := c.write.write(keyOf(dataset, ownNumber), dataset, nil, data, false)
		if err != nil || changed != 0 {
			return err
		}
		return c.db.Transaction(func() error {
			if err := c.hasDataset(dataset); err != nil {
				return err
			}
			return c.addRecord(ownNumber, dataset, nil, data)
		})
	})
}

// addRecord stores the first record under a key; another process may have been faster.
func (c *connection) addRecord(number int64, dataset uint32, id, data []byte) error {
	insert, err := c.db.Prepare("INSERT OR REPLACE INTO record VALUES(?1, ?2, ?3)")
	if err != nil {
		return err
	}
	defer insert.close()
	_, err = insert.write(keyOf(dataset, number), dataset, id, data, false)
	return err
}

// WriteElement stores an element of a dataset under its id, 1 to DataMax bytes. Neither slice is kept. NotExist as of Write.
func (s *Store) WriteElement(name string, dataset uint32, id, data []byte, limit time.Duration) error {
	if len(data) > DataMax || len(id) > DataMax {
		return wire.TooBig
	}
	return s.with(name, false, limit, func(c *connection) error {
		changed, err := c.overwrite.write(int64(dataset), dataset, id, data, true)
		if err != nil || changed != 0 {
			return err
		}
		return c.addElement(dataset, id, data)
	})
}

// addElement stores an element that was not there a moment ago.
func (c *connection) addElement(dataset uint32, id, data []byte) error {
	return c.db.Transaction(func() error {
		if err := c.hasDataset(dataset); err != nil {
			return err
		}
		changed, err := c.overwrite.write(int64(dataset), dataset, id, data, true)
		if err != nil || changed != 0 {
			return err
		}
		number, err := c.nextNumber(dataset)
		if err == nil {
			_, err = c.db.run("INSERT INTO element VALUES(?1, ?2, ?3)", dataset, id, keyOf(dataset, number))
		}
		if err == nil {
			err = c.addRecord(number, dataset, id, data)
		}
		return err
	})
}

// nextNumber is the number of a new element, higher than those of all others.
func (c *connection) nextNumber(dataset uint32) (number int64, err error) {
	number, err = c.lastNumber(dataset)
	if err == nil && number >= elementsMax {
		if err = c.renumber(dataset); err == nil {
			number, err = c.lastNumber(dataset)
		}
	}
	return number + 1, err
}

func (c *connection) lastNumber(dataset uint32) (number int64, err error) {
	last, err := c.db.Prepare("SELECT max(key) FROM record WHERE key BETWEEN ?1 AND ?2")
	if err != nil {
		return 0, err
	}
	defer last.close()
	err = last.Query(func(r Row) error {
		number = r.Integer(0) & ownNumber
		return nil
	}, keyOf(dataset, 0), keyOf(dataset, elementsMax))
	return number, err
}

// renumber numbers the elements of a dataset from 1, keeping their order. Deleted elements leave gaps, so that numbers may
// run out.
func (c *connection) renumber(dataset uint32) error {
	var keys []int64
	list, err := c.db.Prepare("SELECT key FROM record WHERE key BETWEEN ?1 AND ?2 ORDER BY key")
	if err != nil {
		return err
	}
	defer list.close()
	err = list.Query(func(r Row) error {
		keys = append(keys, r.Integer(0))
		return nil
	}, keyOf(dataset, 0), keyOf(dataset, elementsMax))
	for i, key := range keys {
		anew := keyOf(dataset, int64(i+1))
		if err == nil {
			_, err = c.db.run("UPDATE record SET key = ?2 WHERE key = ?1", key, anew)
		}
		if err == nil {
			_, err = c.db.run("UPDATE element SET record = ?3 WHERE dataset = ?1 AND record = ?2", dataset, key, anew)
		}
	}
	return err
}

// DeleteElement deletes an element. NotExist: there is no such.
func (s *Store) DeleteElement(name string, dataset uint32, id []byte, limit time.Duration) error {
	return s.with(name, false, limit, func(c *connection) error {
		return c.db.Transaction(func() error {
			changed, err := c.db.run("DELETE FROM record WHERE key = (SELECT record FROM element WHERE dataset = ?1 AND id = ?2)",
				dataset, id)
			if err == nil && changed == 0 {
				return wire.NotExist
			}
			if err == nil {
				_, err = c.db.run("DELETE FROM element WHERE dataset = ?1 AND id = ?2", dataset, id)
			}
			return err
		})
	})
}

// Read gives all records of a dataset as they were at one moment, in the order in which elements were first written, the
// dataset's own record last. The caller frees them. NotExist: there is no such checkpoint or dataset, or nothing in it.
func (s *Store) Read(name string, dataset uint32, limit time.Duration) (records Records, err error) {
	err = s.with(name, false, limit, func(c *connection) (err error) {
		records, err = c.read.read(dataset)
		if err == nil && records.Count == 0 {
			return wire.NotExist
		}
		return err
	})
	return records, err
}

// literal writes a string as an SQL blob.
func literal(s string) string { return "x'" + hex.EncodeToString([]byte(s)) + "'" }
