package testcluster

import (
	"net"
	"runtime"
)

// Listen opens a port of the host, any; where others reach it is its Addr. The caller closes it.
func (h *Host) Listen() (net.Listener, error) {
	type result struct {
		l   net.Listener
		err error
	}
	done := make(chan result)
	go func() {
		runtime.LockOSThread() // as in dialIn
		if h.namespace == "" {
			defer runtime.UnlockOSThread()
		}
		var r result
		if r.err = enter(h.namespace); r.err == nil {
			r.l, r.err = net.Listen("tcp", net.JoinHostPort(h.Address, "0"))
		}
		done <- r
	}()
	r := <-done
	return r.l, r.err
}
