package webrtc

import "sync"

// An outbox is a session's goroutine: it calls Send and Notify, one at a time and in order. The goroutine
// begins with the first delivery and ends with close.
type outbox struct {
	mu     sync.Mutex
	queue  []delivery
	wake   chan struct{} // holds one token while the queue is not empty; nil while there is no goroutine
	done   chan struct{}
	closed bool
}

type delivery struct {
	send bool // or notify
	do   func()
}

func (o *outbox) post(send bool, do func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return
	}
	o.queue = append(o.queue, delivery{send, do})
	if o.wake == nil {
		o.wake, o.done = make(chan struct{}, 1), make(chan struct{})
		go o.run()
	}
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

func (o *outbox) run() {
	defer close(o.done)
	for range o.wake {
		for {
			d, ok := o.take()
			if !ok {
				break
			}
			d.do()
		}
	}
}

// take returns the next delivery. Once the outbox is closed, nothing is notified any more.
func (o *outbox) take() (delivery, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for len(o.queue) > 0 {
		d := o.queue[0]
		o.queue = o.queue[1:]
		if d.send || !o.closed {
			return d, true
		}
	}
	return delivery{}, false
}

// close drops what was to be notified, lets what was to be sent go, and returns when the goroutine has ended.
func (o *outbox) close() {
	o.mu.Lock()
	if !o.closed {
		o.closed = true
		if o.wake != nil {
			close(o.wake)
		}
	}
	done := o.done
	o.mu.Unlock()
	if done != nil {
		<-done
	}
}
