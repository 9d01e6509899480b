package bus

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// address is the content of a server's File.
type address struct {
	URL      string `json:"url"`
	User     string `json:"user"`
	Password string `json:"password"`
}

func readAddress(file string) (address, error) {
	var a address
	b, err := os.ReadFile(file)
	if err != nil {
		return a, err
	}
	if err := json.Unmarshal(b, &a); err != nil {
		return a, fmt.Errorf("%s: %w", file, err)
	}
	if a.URL == "" {
		return a, fmt.Errorf("%s: no url", file)
	}
	return a, nil
}

// writeAddress replaces file at once: whoever reads it sees the old content or the new.
func writeAddress(file string, a address) error {
	b, err := json.Marshal(a)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+".*") // 0600
	if err != nil {
		return err
	}
	_, err = f.Write(append(b, '\n'))
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}
