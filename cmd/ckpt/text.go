package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"libckpt/internal/wire"
)

// printable is name, quoted if a terminal would not show it as it is.
func printable(name string) string {
	if q := strconv.Quote(name); q[1:len(q)-1] != name {
		return q
	}
	return name
}

// sectionName writes an id as text if that is unmistakable, else as 0x and hexadecimal digits.
func sectionName(id []byte) string {
	s := string(id)
	if len(s) == 0 || strings.HasPrefix(s, "0x") || !utf8.ValidString(s) || strings.ContainsRune(s, ' ') || printable(s) != s {
		return "0x" + hex.EncodeToString(id)
	}
	return s
}

// sectionTitle is sectionName for people.
func sectionTitle(id []byte) string {
	if len(id) == 0 {
		return "(default section)"
	}
	return sectionName(id)
}

// parseSection is the reverse of sectionName.
func parseSection(name string) ([]byte, error) {
	if digits, found := strings.CutPrefix(name, "0x"); found {
		id, err := hex.DecodeString(digits)
		if err != nil {
			return nil, fmt.Errorf("section %s: after 0x come pairs of hexadecimal digits", name)
		}
		return id, nil
	}
	if name == "" {
		return nil, errors.New("a section is named by its id, the default section by 0x")
	}
	return []byte(name), nil
}

func count(n uint64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func sizeText(n uint64) string {
	const units = "KMGTPE"
	if n < 1<<10 {
		return count(n, "byte")
	}
	f, i := float64(n)/1024, 0
	for f >= 1024 && i < len(units)-1 {
		f, i = f/1024, i+1
	}
	return fmt.Sprintf("%.1f %ciB", f, units[i])
}

func timeText(ns int64) string { return time.Unix(0, ns).Format(time.RFC3339Nano) }

func durationText(ns int64) string {
	if ns == math.MaxInt64 {
		return "for ever"
	}
	return time.Duration(ns).String()
}

// updateMode says in words what the creation flags mean.
func updateMode(flags uint32) string {
	a := wire.Attributes{CreationFlags: flags}
	mode := "synchronous"
	switch {
	case a.Weak():
		mode = "asynchronous, weak"
	case a.Asynchronous():
		mode = "asynchronous"
	}
	if flags&wire.FlagCollocated != 0 {
		mode += ", collocated"
	}
	return mode
}
