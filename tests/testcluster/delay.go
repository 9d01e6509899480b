package testcluster

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Limits of a delayed cable. A frame may be a large piece of TCP that the kernel has not cut yet.
const (
	frameBytesMax = 1 << 17
	framesMax     = 16384 // on their way in one direction, beyond which frames are lost
)

// slowCable stands between a host's end of its cable and the bridge: two packet sockets, between which frames are held back
// for a time. (The kernels that these tests run on often have no netem.)
type slowCable struct {
	ends  [2]*os.File
	carry sync.WaitGroup
}

// frame is one on its way.
type frame struct {
	data []byte
	due  time.Time
}

// Delay holds back whatever hosts send each other, both ways, by a time each; 0 ends that.
func (c *Hosts) Delay(by time.Duration) error {
	n, err := c.needNetwork()
	if err != nil {
		return err
	}
	for _, h := range c.hosts {
		if h.slow != nil {
			h.slow.end()
			h.slow = nil
			err = errors.Join(err, n.straight(h.Name))
		}
		if by == 0 || err != nil {
			continue
		}
		if err = n.detour(h.Name); err == nil {
			h.slow, err = startSlowCable(n, h.Name, by/2) // each frame passes two cables
		}
	}
	return err
}

// detour takes the bridge's end of a host's cable off the bridge; in its place is one end of a pair whose other end is
// for a slowCable.
func (n *network) detour(host string) error {
	bridge := n.namespace(bridgeHost)
	return inOrder(
		[]string{"-n", bridge, "link", "set", host, "nomaster"},
		[]string{"-n", bridge, "link", "add", host + "-in", "type", "veth", "peer", "name", host + "-out"},
		[]string{"-n", bridge, "link", "set", host + "-in", "up"},
		[]string{"-n", bridge, "link", "set", host + "-out", "master", "br0", "up"})
}

// straight ends detour.
func (n *network) straight(host string) error {
	bridge := n.namespace(bridgeHost)
	return inOrder(
		[]string{"-n", bridge, "link", "del", host + "-in"},
		[]string{"-n", bridge, "link", "set", host, "master", "br0"})
}

func startSlowCable(n *network, host string, by time.Duration) (*slowCable, error) {
	var s slowCable
	for i, name := range []string{host, host + "-in"} {
		end, err := openEnd(n.namespace(bridgeHost), name)
		if err != nil {
			if i == 1 {
				s.ends[0].Close()
			}
			return nil, err
		}
		s.ends[i] = end
	}
	for i, from := range s.ends {
		frames := make(chan frame, framesMax)
		s.carry.Go(func() { collect(from, frames, by) })
		s.carry.Go(func() { deliver(s.ends[1-i], frames) })
	}
	return &s, nil
}

func collect(from *os.File, frames chan<- frame, by time.Duration) {
	defer close(frames)
	for buffer := make([]byte, frameBytesMax); ; {
		n, err := from.Read(buffer)
		switch {
		case errors.Is(err, os.ErrClosed):
			return
		case err != nil: // the cable was pulled
			time.Sleep(time.Millisecond)
			continue
		}
		select {
		case frames <- frame{append([]byte(nil), buffer[:n]...), time.Now().Add(by)}:
		default:
		}
	}
}

func deliver(to *os.File, frames <-chan frame) {
	for f := range frames {
		time.Sleep(time.Until(f.due))
		_, _ = to.Write(f.data) // what can't be sent is lost, as on a cable
	}
}

func (s *slowCable) end() {
	for _, e := range s.ends {
		e.Close()
	}
	s.carry.Wait()
}

// openEnd opens an interface of a namespace for all of its frames, each with the header by which the kernel leaves
// checksums and cutting to the next one.
func openEnd(namespace, name string) (*os.File, error) {
	type result struct {
		file *os.File
		err  error
	}
	done := make(chan result)
	go func() {
		runtime.LockOSThread() // ends with the goroutine: it is in another namespace
		var r result
		if r.err = enter(namespace); r.err == nil {
			r.file, r.err = openPacketSocket(name)
		}
		done <- r
	}()
	r := <-done
	if r.err != nil {
		return nil, fmt.Errorf("packet socket on %s: %w", name, r.err)
	}
	return r.file, nil
}

func openPacketSocket(name string) (_ *os.File, err error) {
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			unix.Close(fd)
		}
	}()
	index, err := interfaceIndex(fd, name)
	if err != nil {
		return nil, err
	}
	for _, option := range []int{unix.PACKET_VNET_HDR, unix.PACKET_IGNORE_OUTGOING} {
		if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, option, 1); err != nil {
			return nil, err
		}
	}
	promiscuous := &unix.PacketMreq{Ifindex: int32(index), Type: unix.PACKET_MR_PROMISC}
	if err := unix.SetsockoptPacketMreq(fd, unix.SOL_PACKET, unix.PACKET_ADD_MEMBERSHIP, promiscuous); err != nil {
		return nil, err
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 64*frameBytesMax); err != nil {
		return nil, err
	}
	all := binary.BigEndian.Uint16(binary.NativeEndian.AppendUint16(nil, unix.ETH_P_ALL)) // in network order
	if err := unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: index}); err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), name), nil
}

func interfaceIndex(fd int, name string) (int, error) {
	request, err := unix.NewIfreq(name)
	if err != nil {
		return 0, err
	}
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFINDEX, request); err != nil {
		return 0, err
	}
	return int(request.Uint32()), nil
}
