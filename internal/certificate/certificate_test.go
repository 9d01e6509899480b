package certificate_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"libckpt/internal/certificate"
	"libckpt/internal/certificate/certificatetest"
)

func TestFilesThatCantBe(t *testing.T) {
	a := certificatetest.New(t)
	dir := t.TempDir()
	good := a.Files("d1")
	empty := filepath.Join(dir, "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, f := range []certificate.Files{
		{Certificate: good.Certificate, Key: good.Key},
		{Certificate: good.Certificate, Key: good.Key, CA: filepath.Join(dir, "none")},
		{Certificate: good.Certificate, Key: good.Key, CA: empty},
		{Certificate: good.Certificate, Key: a.Files("d2").Key, CA: good.CA},
	} {
		if _, err := certificate.Load(f); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%+v: %v", f, err)
		}
	}
	if s, err := certificate.Load(certificate.Files{}); s != nil || err != nil {
		t.Errorf("%v %v", s, err)
	}
}
