// What Go's runtime offers for the same work: prints "row go value unit" lines, as the other programs here do.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sort"
	"sync"
	"time"
)

const rounds = 3

func row(name, column string, value float64, unit string) {
	fmt.Printf("%s %s %.5g %s\n", name, column, value, unit)
}

func median(values []float64) float64 {
	sort.Float64s(values)
	return values[len(values)/2]
}

// medianOf is the median of a few measurements, each of which returns ns for one operation.
func medianOf(measure func() float64) float64 {
	var all []float64
	for i := 0; i < rounds; i++ {
		all = append(all, measure())
	}
	return median(all)
}

func perOperation(begin time.Time, n int) float64 {
	return float64(time.Since(begin).Nanoseconds()) / float64(n)
}

// runTasks calls functions one after another and looks for an interrupt before each.
func runTasks(tasks []func(int), interrupt chan os.Signal, keep func(i int, begin, end time.Time)) {
	for i, task := range tasks {
		select {
		case <-interrupt:
			return
		default:
		}
		if keep == nil {
			task(i)
			continue
		}
		begin := time.Now()
		task(i)
		keep(i, begin, time.Now())
	}
}

func measureRunner(n int) {
	tasks := make([]func(int), n)
	for i := range tasks {
		tasks[i] = func(int) {}
	}
	type span struct{ begin, end time.Time }
	spans := make([]span, n)
	interrupt := make(chan os.Signal, 1)
	row("runner.task", "go", medianOf(func() float64 {
		start := time.Now()
		runTasks(tasks, interrupt, nil)
		return perOperation(start, n)
	}), "ns")
	row("runner.task", "go_timed", medianOf(func() float64 {
		start := time.Now()
		runTasks(tasks, interrupt, func(i int, begin, end time.Time) { spans[i] = span{begin, end} })
		return perOperation(start, n)
	}), "ns")
}

// crowd is workers at an unbuffered channel: a send returns when one of them has the work.
type crowd struct {
	work chan func()
	gone sync.WaitGroup
}

func newCrowd(workers int) *crowd {
	c := &crowd{work: make(chan func())}
	c.gone.Add(workers)
	for i := 0; i < workers; i++ {
		go func() {
			defer c.gone.Done()
			for work := range c.work {
				work()
			}
		}()
	}
	return c
}

func (c *crowd) finish() {
	close(c.work)
	c.gone.Wait()
}

func handOff(workers, givers, n int) float64 {
	c := newCrowd(workers)
	each := n / givers
	var given sync.WaitGroup
	given.Add(givers)
	start := time.Now()
	for i := 0; i < givers; i++ {
		go func() {
			defer given.Done()
			for k := 0; k < each; k++ {
				c.work <- func() {}
			}
		}()
	}
	given.Wait()
	c.finish()
	return perOperation(start, each*givers)
}

func measureHandOff(n int) {
	for _, workers := range []int{1, 2, 4, 8} {
		for givers := 1; givers <= 4; givers++ {
			name := fmt.Sprintf("handoff.w%d.s%d", workers, givers)
			row(name, "go", medianOf(func() float64 { return handOff(workers, givers, n) }), "ns")
		}
	}
	c := newCrowd(2)
	ran := make(chan time.Time, 1)
	var times []float64
	for i := 0; i < 300; i++ {
		time.Sleep(time.Millisecond)
		asked := time.Now()
		c.work <- func() { ran <- time.Now() }
		times = append(times, float64((<-ran).Sub(asked).Nanoseconds()))
	}
	c.finish()
	row("handoff.idle_start_p50", "go", median(times), "ns")
}

type resource struct{ id int }

func (*resource) Close() error { return nil }

var errClosed = errors.New("the pool is closed")

// pool keeps idle resources in a buffered channel, opens one where none is idle, and closes what does not fit.
type pool struct {
	mutex  sync.Mutex
	idle   chan io.Closer
	open   func() (io.Closer, error)
	closed bool
}

func (p *pool) acquire() (io.Closer, error) {
	select {
	case r, ok := <-p.idle:
		if !ok {
			return nil, errClosed
		}
		return r, nil
	default:
		return p.open()
	}
}

func (p *pool) release(r io.Closer) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.closed {
		r.Close()
		return
	}
	select {
	case p.idle <- r:
	default:
		r.Close()
	}
}

func borrow(threads, n int) float64 {
	const size = 25
	p := &pool{idle: make(chan io.Closer, size), open: func() (io.Closer, error) { return &resource{}, nil }}
	for i := 0; i < size; i++ {
		p.release(&resource{id: i})
	}
	var done sync.WaitGroup
	done.Add(threads)
	start := time.Now()
	for i := 0; i < threads; i++ {
		go func() {
			defer done.Done()
			for k := 0; k < n/threads; k++ {
				r, err := p.acquire()
				if err != nil {
					panic(err)
				}
				p.release(r)
			}
		}()
	}
	done.Wait()
	return perOperation(start, n)
}

func main() {
	n := 1000000
	if len(os.Args) > 1 && os.Args[1] == "--quick" {
		n = 100000
	}
	measureRunner(n)
	measureHandOff(n / 2)
	for _, threads := range []int{1, 2, 4, 25} {
		row(fmt.Sprintf("pool.t%d.size25", threads), "go", medianOf(func() float64 { return borrow(threads, n) }), "ns")
	}
}
