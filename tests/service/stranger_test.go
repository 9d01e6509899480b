package service

import (
	"io/fs"
	"os"
	"os/exec"
	"sync/atomic"
	"syscall"
	"testing"

	"libckpt/tests/testcluster"
)

var lastStranger atomic.Uint32

// nextStranger gives ids that depend on the process: other test programs may run at the same time.
func nextStranger() uint32 { return 200_000 + uint32(os.Getpid()%1_000_000)*100 + lastStranger.Add(1) }

// stranger is a user id that nobody else has. The test is left out without root, or where strangers can't reach build/.
func stranger(t *testing.T) uint32 {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root to run programs as another user")
	}
	uid := nextStranger()
	cmd := exec.Command(testcluster.Binary(t, "bin/ckpt"), "--version")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	if err := cmd.Run(); err != nil {
		t.Skip("other users can't run programs in build/: ", err)
	}
	return uid
}

func ownerOf(info fs.FileInfo) uint32 {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return st.Uid
	}
	return 0
}
