package main

// #include "engine.h"
import "C"

import (
	"bytes"
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"libckpt/agent"
	"libckpt/internal/dataset"
	"libckpt/internal/wire"
)

// complaintPause lies between two lines about databases on standard error.
const complaintPause = time.Second

// stores are the store handles of the front.
type stores struct {
	mu   sync.RWMutex
	last uint64
	open map[uint64]*dataset.Store
}

var theStores = stores{open: map[uint64]*dataset.Store{}}

func (s *stores) add(store *dataset.Store) uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	s.open[s.last] = store
	return s.last
}

func (s *stores) find(id C.uint64_t) *dataset.Store {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.open[uint64(id)]
}

func (s *stores) take(id C.uint64_t) *dataset.Store {
	s.mu.Lock()
	defer s.mu.Unlock()
	store := s.open[uint64(id)]
	delete(s.open, uint64(id))
	return store
}

// onStore starts a call on library-based checkpoints.
func onStore(call *C.struct_ckpt_call, timeout time.Duration) C.uint32_t {
	switch call.op {
	case C.CKPT_OP_STORE_OPEN:
		go openStore(call, environmentOf(call.environment), timeout)
		return aisOK
	case C.CKPT_OP_STORE_CLOSE:
		store := theStores.take(call.id)
		if store == nil {
			return aisOf(wire.BadHandle)
		}
		goStore(call, func() error {
			store.Release(timeout)
			return nil
		})
		return aisOK
	}
	store := theStores.find(call.id)
	if store == nil {
		return aisOf(wire.BadHandle)
	}
	a := argumentsOf(call)
	goStore(call, func() error {
		err := a.run(store, call, timeout)
		if err == nil && call.dataset != 0 {
			call.seat = (*C.struct_ckpt_seat)(store.Seat(a.name))
		}
		return err
	})
	return aisOK
}

// goStore runs f in a goroutine and completes the call.
func goStore(call *C.struct_ckpt_call, f func() error) {
	go func() {
		defer report("dataset")
		complete(call, storeCode(f()))
	}()
}

// arguments are copies of a call's.
type arguments struct {
	op            C.uint32_t
	name          string
	dataset       uint32
	group, order  uint32
	element, data []byte
}

func argumentsOf(call *C.struct_ckpt_call) (a arguments) {
	a.op, a.dataset, a.group, a.order = call.op, uint32(call.dataset), uint32(call.group), uint32(call.order)
	a.name = name(call)
	if elements := elementsOf(call); len(elements) > 0 {
		a.element = bytes.Clone(bytesOf(unsafe.Pointer(elements[0].id), elements[0].id_len))
		a.data = bytes.Clone(bytesOf(elements[0].data, elements[0].size))
	}
	return a
}

// run makes the call and puts its results where they belong.
func (a *arguments) run(store *dataset.Store, call *C.struct_ckpt_call, limit time.Duration) error {
	switch a.op {
	case C.CKPT_OP_STORE_CREATE:
		return store.Create(a.name, limit)
	case C.CKPT_OP_STORE_DELETE:
		return store.Delete(a.name, limit)
	case C.CKPT_OP_STORE_EXISTS:
		exists, err := store.Exists(a.name, limit)
		return putExists(call, exists, err)
	case C.CKPT_OP_DATASET_CREATE:
		return store.CreateDataset(a.name, a.dataset, a.group, a.order, limit)
	case C.CKPT_OP_DATASET_DELETE:
		return store.DeleteDataset(a.name, a.dataset, limit)
	case C.CKPT_OP_DATASET_EXISTS:
		exists, err := store.DatasetExists(a.name, a.dataset, limit)
		return putExists(call, exists, err)
	case C.CKPT_OP_DATASET_WRITE:
		if len(a.element) > 0 {
			return store.WriteElement(a.name, a.dataset, a.element, a.data, limit)
		}
		return store.Write(a.name, a.dataset, a.data, limit)
	case C.CKPT_OP_DATASET_READ:
		records, err := store.Read(a.name, a.dataset, limit)
		call.records, call.record_count = (*C.struct_ckpt_record)(records.Block), C.uint32_t(records.Count)
		return err
	case C.CKPT_OP_ELEMENT_DELETE:
		return store.DeleteElement(a.name, a.dataset, a.element, limit)
	}
	return wire.NotSupported
}

func putExists(call *C.struct_ckpt_call, exists bool, err error) error {
	call.exists = 0
	if exists {
		call.exists = 1
	}
	return err
}

func environmentOf(e *C.struct_ckpt_environment) dataset.Environment {
	text := func(p *C.char) string {
		if p == nil {
			return ""
		}
		return C.GoString(p)
	}
	return dataset.Environment{
		DataDir: text(e.data_dir), ASPRunDir: text(e.asp_rundir), ASPConfig: text(e.asp_config), Sync: text(e.sync),
		StateHome: text(e.state_home), Home: text(e.home), UID: os.Geteuid(),
	}
}

// openStore makes a store handle.
func openStore(call *C.struct_ckpt_call, e dataset.Environment, timeout time.Duration) {
	defer report("dataset")
	place, notes, err := dataset.PlaceOf(e)
	for _, note := range notes {
		sayOnce(note)
	}
	if err == nil {
		err = place.Look()
	}
	var store *dataset.Store
	if err == nil {
		store = dataset.OpenStore(place)
		call.id = C.uint64_t(theStores.add(store))
	}
	id := call.id
	call.error = aisOf(storeCode(err))
	if finish(call) {
		return
	}
	if store != nil { // the front has given up
		theStores.take(id)
		store.Release(timeout)
	}
	freeCall(call)
}

// said are the lines that are written once in the life of a process.
var said sync.Map

func sayOnce(line string) {
	if _, known := said.LoadOrStore(line, struct{}{}); !known {
		agent.WarnStderr(line)
	}
}

var complained atomic.Int64 // Unix nanoseconds of the line that was written last

// storeCode is the code of an error, which the operator is told of if it is one to act on.
func storeCode(err error) wire.Code {
	if err == nil {
		return wire.OK
	}
	var e *dataset.Error
	if !errors.As(err, &e) {
		var code wire.Code
		if errors.As(err, &code) {
			return code
		}
		return wire.Library
	}
	now, last := time.Now().UnixNano(), complained.Load()
	if now-last >= int64(complaintPause) && complained.CompareAndSwap(last, now) {
		agent.WarnStderr(e.Error())
	}
	return e.Code
}
