//go:build segmenthook

package simulation

import (
	"os"

	"libckpt/internal/segment"
)

// Tearing: node directors die inside changes of segments, too. It takes a build with the tag segmenthook.
const Tearing = true

// cutOff changes the segment at path and leaves it as a process would that was killed before one of the stores, drawn
// from seed.
func cutOff(path string, seed uint64, change func()) error {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer file.Close()
	image := segment.CutOff(file, seed, change)
	_, err = file.WriteAt(image, 0)
	return err
}
