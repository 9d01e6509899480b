package testcluster

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Faults of the network; they need namespaces. Each lasts until Heal, or until it is set back.

// Unplug pulls the host's cable.
func (h *Host) Unplug() error { h.linked = false; return h.link("down") }

// Plug puts it back.
func (h *Host) Plug() error { h.linked = true; return h.link("up") }

func (h *Host) link(state string) error {
	n, err := h.c.needNetwork()
	if err != nil {
		return err
	}
	return run("ip", "-n", n.namespace(bridgeHost), "link", "set", h.Name, state)
}

// Deafen lets the host get nothing any more from another; the other way stays open.
func (h *Host) Deafen(from *Host) error {
	n, err := h.c.needNetwork()
	if err != nil {
		return err
	}
	return n.filter(h.Name, "-A", "INPUT", "-s", from.Address, "-j", "DROP")
}

// Cut lets neither of two hosts get anything from the other.
func (h *Host) Cut(other *Host) error { return errors.Join(h.Deafen(other), other.Deafen(h)) }

// Lose drops a share of the packets that arrive at the host, from 0 to 1.
func (h *Host) Lose(share float64) error {
	n, err := h.c.needNetwork()
	if err != nil {
		return err
	}
	return n.filter(h.Name, "-A", "INPUT", "-i", "eth0", "-m", "statistic", "--mode", "random",
		"--probability", fmt.Sprint(share), "-j", "DROP")
}

// Throttle bounds what the host sends, in kbit/s.
func (h *Host) Throttle(kbit int) error {
	n, err := h.c.needNetwork()
	if err != nil {
		return err
	}
	return run("tc", "-n", n.namespace(h.Name), "qdisc", "replace", "dev", "eth0", "root", "tbf",
		"rate", fmt.Sprintf("%dkbit", kbit), "burst", "16kb", "latency", "200ms")
}

// Heal ends all faults of the network, and Delay.
func (c *Hosts) Heal() error {
	n, err := c.needNetwork()
	if err != nil {
		return err
	}
	var all error
	for _, h := range c.hosts {
		all = errors.Join(all, n.filter(h.Name, "-F"))
		_ = run("tc", "-n", n.namespace(h.Name), "qdisc", "del", "dev", "eth0", "root") // fails if it was not throttled
		if !h.linked {
			all = errors.Join(all, h.Plug())
		}
	}
	return errors.Join(all, c.Delay(0))
}

func (c *Hosts) needNetwork() (*network, error) {
	if c.network == nil {
		return nil, errors.New("testcluster: on the loopback interface there are no faults of the network")
	}
	return c.network, nil
}

// FillDisk leaves no room where the host's director keeps its data, which is on a file system of its own (DirectorSpace).
func (h *Host) FillDisk() error {
	if !h.mounted {
		return errors.New("testcluster: the director's data is on no file system of its own")
	}
	f, err := os.Create(h.ballast())
	if err != nil {
		return err
	}
	defer f.Close()
	for piece := make([]byte, 1<<16); ; {
		_, err := f.Write(piece)
		switch {
		case err == nil:
		case errors.Is(err, syscall.ENOSPC) && len(piece) == 1:
			return nil
		case errors.Is(err, syscall.ENOSPC):
			piece = piece[:len(piece)/2]
		default:
			return err
		}
	}
}

// FreeDisk ends FillDisk.
func (h *Host) FreeDisk() error {
	if err := os.Remove(h.ballast()); !errors.Is(err, fs.ErrNotExist) { // two faults may have been this one
		return err
	}
	return nil
}

func (h *Host) ballast() string { return filepath.Join(h.DataDir(), "ballast") }
