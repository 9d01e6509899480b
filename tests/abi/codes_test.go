package abi

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"libckpt/tests/testcluster"
)

// The codes of clCkpt* for what the service reports. What it never reports is UNSPECIFIED.
func TestCodesOfClovis(t *testing.T) {
	const unspecified = 0x160011
	known := map[int]uint32{
		1:  0,        // OK
		2:  0x160011, // LIBRARY: UNSPECIFIED
		3:  0x16000f, // VERSION
		4:  0x16000c, // INIT: INITIALIZED
		5:  0x160014, // TIMEOUT
		6:  0x160016, // TRY_AGAIN
		7:  0x160002, // INVALID_PARAM
		8:  0x160001, // NO_MEMORY
		9:  0x160005, // BAD_HANDLE
		11: 0x160020, // ACCESS: OP_NOT_PERMITTED
		12: 0x160004, // NOT_EXIST
		14: 0x160010, // EXIST
		15: 0x160021, // NO_SPACE
		18: 0x16000b, // NO_RESOURCES
		19: 0x160025, // NOT_SUPPORTED
		20: 0x160023, // BAD_OPERATION
		21: 0x16001f, // FAILED_OPERATION
		25: 0x160022, // BAD_FLAGS
		26: 0x16001d, // TOO_BIG
		27: 0x160101, // NO_SECTIONS
		31: 0x160012, // UNAVAILABLE: INVALID_STATE
	}
	root := testcluster.Root()
	program := filepath.Join(t.TempDir(), "codes")
	run(t, "gcc", "-std=c11", "-I"+filepath.Join(root, "include"), "-I"+filepath.Join(root, "capi/front/cl"),
		filepath.Join("testdata", "codes.c"), "-o", program)
	var want strings.Builder
	for e := range 41 {
		rc, ok := known[e]
		if !ok {
			rc = unspecified
		}
		fmt.Fprintf(&want, "%d %06x\n", e, rc)
	}
	if got := run(t, program); got != want.String() {
		t.Errorf("got\n%swant\n%s", got, want.String())
	}
}
