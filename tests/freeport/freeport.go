// Package freeport gives tests ports to listen on later.
package freeport

import (
	"fmt"
	"math/rand/v2"
	"net"
	"testing"
)

// Ports that Linux gives to no connection by itself (net.ipv4.ip_local_port_range begins at 32768): nobody takes one between
// the test's choice and its use, except by its number.
const (
	first = 20000
	last  = 32000
	tries = 100
)

// Address gives an address of the loopback interface on which nobody listens.
func Address(t testing.TB) string {
	t.Helper()
	var err error
	for range tries {
		address := fmt.Sprintf("127.0.0.1:%d", first+rand.IntN(last-first))
		var l net.Listener
		if l, err = net.Listen("tcp", address); err == nil {
			l.Close()
			return address
		}
	}
	t.Fatalf("no free port: %v", err)
	return ""
}
