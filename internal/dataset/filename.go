package dataset

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

const (
	fileSuffix = ".db"
	// fileNameMax leaves room for the suffix and what SQLite appends to that, within the 255 bytes of a file name.
	fileNameMax = 255 - len(fileSuffix+"-journal")
	// hashed names keep this much of what can be read.
	readableMax = 128
)

// fileName is the name of a checkpoint's file in the directory. Letters, digits, '-', '_' and '.' stand for themselves, but
// for '.' at the beginning; any other byte is %XX. A name that would get too long ends with '~' and the SHA-256 of all of
// it. Different names have different files, and none leaves the directory.
func fileName(checkpoint string) string {
	var b strings.Builder
	for i := range len(checkpoint) {
		c := checkpoint[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_' || c == '.' && i > 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteString(strings.ToUpper(hex.EncodeToString([]byte{c})))
	}
	if b.Len() <= fileNameMax {
		return b.String() + fileSuffix
	}
	sum := sha256.Sum256([]byte(checkpoint))
	return b.String()[:readableMax] + "~" + hex.EncodeToString(sum[:]) + fileSuffix
}
