package bus

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"sync"

	"github.com/nats-io/nats-server/v2/server"
)

// DaemonUser is the user name of daemons on an embedded server.
const DaemonUser = "ckpt-daemon"

// controlUser is that of node directors for what must not wait behind other messages.
const controlUser = "ckpt-control"

// controlAccount is a bus within the bus, for controlUser: its messages have connections of their own between servers.
const controlAccount = "CKPT-CONTROL"

// Credentials decides who may connect to the embedded server. Its methods may be called concurrently.
type Credentials struct {
	password string // of DaemonUser and controlUser

	mu       sync.Mutex
	sessions map[string]*session
	control  *server.Account     // of controlUser; nil before the server runs
	kick     func(client uint64) // disconnects a client of the server; nil before it runs
}

type session struct {
	digest      [sha256.Size]byte // of the password
	permissions *server.Permissions
	clients     []uint64 // most recent connections, at most clientsKept
}

// A session has one connection, and while it reconnects perhaps a dying one beside it.
const clientsKept = 4

// NewCredentials makes credentials that let in daemons only, with a fresh secret.
func NewCredentials() *Credentials {
	secret := make([]byte, 24)
	rand.Read(secret)
	return &Credentials{password: hex.EncodeToString(secret), sessions: make(map[string]*session)}
}

// DaemonUser gives the credential of daemons, which may use every subject.
func (c *Credentials) DaemonUser() (user, password string) { return DaemonUser, c.password }

// ControlUser gives the credential of node directors for messages to each other that must not wait behind others. Who
// connects with it reaches whoever else did, on this server and those it has routes to, on every subject, and nobody else.
func (c *Credentials) ControlUser() (user, password string) { return controlUser, c.password }

// AddSession lets a session in: it may publish and subscribe to the subjects given (wildcards as in NATS) and to
// nothing else. A user that exists gets the new password and subjects.
func (c *Credentials) AddSession(user, password string, publish, subscribe []string) {
	s := &session{
		digest: sha256.Sum256([]byte(password)),
		permissions: &server.Permissions{
			Publish:   only(publish),
			Subscribe: only(subscribe),
		},
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if old := c.sessions[user]; old != nil {
		s.clients = old.clients
	}
	c.sessions[user] = s
}

func only(subjects []string) *server.SubjectPermission {
	if len(subjects) == 0 {
		return &server.SubjectPermission{Deny: []string{">"}}
	}
	return &server.SubjectPermission{Allow: subjects}
}

// RemoveSession lets a session in no more and disconnects it.
func (c *Credentials) RemoveSession(user string) {
	c.mu.Lock()
	s, kick := c.sessions[user], c.kick
	delete(c.sessions, user)
	c.mu.Unlock()
	if s == nil || kick == nil || len(s.clients) == 0 {
		return
	}
	go func() { // closing a connection may wait for its peer
		for _, id := range s.clients {
			kick(id)
		}
	}()
}

// Check implements the server's authentication.
func (c *Credentials) Check(client server.ClientAuthentication) bool {
	opts := client.GetOpts()
	if opts.Username == DaemonUser || opts.Username == controlUser {
		if subtle.ConstantTimeCompare([]byte(opts.Password), []byte(c.password)) != 1 {
			return false
		}
		u := &server.User{Username: opts.Username}
		if u.Username == controlUser {
			c.mu.Lock()
			u.Account = c.control
			c.mu.Unlock()
		}
		client.RegisterUser(u)
		return true
	}
	digest := sha256.Sum256([]byte(opts.Password))
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.sessions[opts.Username]
	if s == nil || subtle.ConstantTimeCompare(digest[:], s.digest[:]) != 1 {
		return false
	}
	if len(s.clients) == clientsKept {
		s.clients = append(s.clients[:0], s.clients[1:]...)
	}
	s.clients = append(s.clients, client.GetID())
	client.RegisterUser(&server.User{Username: opts.Username, Permissions: s.permissions})
	return true
}
