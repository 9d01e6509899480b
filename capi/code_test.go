package main

import (
	"strings"
	"testing"

	"libckpt/internal/wire"
)

func TestEveryCodeOfTheServiceIsMapped(t *testing.T) {
	for c := range wire.Code(64) {
		named := !strings.HasPrefix(c.String(), "code ")
		got := uint32(aisOf(c))
		switch {
		case named && got != uint32(c):
			t.Errorf("%v becomes %d", c, got)
		case !named && got != uint32(wire.Library):
			t.Errorf("unknown %v becomes %d", c, got)
		}
	}
}
