package zsets

import "math"

// askable reports whether to look members up in the other sources costs less than a table of the members seen.
func (q *combineRequest) askable() bool {
	const few = 3
	if len(q.sources) > few {
		return false
	}
	for i := range q.sources {
		if s := &q.sources[i]; s.n > 0 && s.set == nil && s.members == nil && s.ints == nil {
			return false
		}
	}
	return true
}

// union calls yield with each member of any source once. Its scores come together in the order of the sources.
func (q *combineRequest) union(yield func(member []byte, score float64) bool) {
	for i := range q.sources {
		s, earlier, later := &q.sources[i], q.sources[:i], q.sources[i+1:]
		s.each(func(member []byte, score float64) bool {
			for j := range earlier {
				if _, ok := earlier[j].find(member); ok {
					return true
				}
			}
			score = weigh(score, s.weight)
			for j := range later {
				if other, ok := later[j].find(member); ok {
					score = q.aggregate.join(score, weigh(other, later[j].weight))
				}
			}
			return yield(member, score)
		})
	}
}

// weigh multiplies a score by a weight; infinity times nothing is 0.
func weigh(score, weight float64) float64 {
	if score *= weight; math.IsNaN(score) {
		return 0
	}
	return score
}

// intersect calls yield with the members that all sources have, of which the first is the smallest.
func (q *combineRequest) intersect(yield func(member []byte, score float64) bool) {
	first, rest := &q.sources[0], q.sources[1:]
	if first.n == 0 {
		return
	}
	first.each(func(member []byte, score float64) bool {
		score = weigh(score, first.weight)
		for i := range rest {
			other, ok := rest[i].find(member)
			if !ok {
				return true
			}
			score = q.aggregate.join(score, other*rest[i].weight)
		}
		return yield(member, score)
	})
}

// diff calls yield with the members of the first source that no other has.
func (q *combineRequest) diff(yield func(member []byte, score float64) bool) {
	first, rest := &q.sources[0], q.sources[1:]
	first.each(func(member []byte, score float64) bool {
		for i := range rest {
			if _, ok := rest[i].find(member); ok {
				return true
			}
		}
		return yield(member, score)
	})
}
