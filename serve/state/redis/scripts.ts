/** What is done in Redis as a whole or not at all, in Lua. Every script asks first whether this is the Redis that is known. */

/** Answers of scripts that did nothing. */
export const LOST = -2
export const MOVED = -1

/**
 * All rows with the revision that they have.
 * KEYS id, revision, applications, models, tokens
 */
export const READ = `
return {redis.call('GET', KEYS[1]), redis.call('GET', KEYS[2]) or '0',
  redis.call('HGETALL', KEYS[3]), redis.call('HGETALL', KEYS[4]), redis.call('HGETALL', KEYS[5])}`

/**
 * Changes rows if nobody has since revision ARGV[2], and tells the others. Sent twice, it is done once.
 * KEYS id, revision, this change, then hashes; ARGV id, expected revision, origin, channel, then (index of the hash's key, field, value
 * or '' to delete)…
 */
export const WRITE = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return ${LOST} end
local done = redis.call('GET', KEYS[3])
if done then return tonumber(done) end
if (redis.call('GET', KEYS[2]) or '0') ~= ARGV[2] then return ${MOVED} end
for i = 5, #ARGV, 3 do
  local hash = KEYS[tonumber(ARGV[i])]
  if ARGV[i + 2] == '' then redis.call('HDEL', hash, ARGV[i + 1]) else redis.call('HSET', hash, ARGV[i + 1], ARGV[i + 2]) end
end
local revision = redis.call('INCR', KEYS[2])
redis.call('SET', KEYS[3], revision, 'EX', 3600)
redis.call('PUBLISH', ARGV[4], ARGV[3] .. ' ' .. revision)
return revision`

/**
 * Adds numbers to a standing, keeps the entry, and tells the others what is known now; once a query. Sent twice, it is done once.
 * KEYS id, standing, feedback log, query's mark; ARGV id, origin, channel, name of the standing, widest gap or '', entry or '', this
 * feedback or '' for one on no query, most entries, then (field, number)…; fields whose name ends in " 0" are those that the gap is about
 */
export const LEARN = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return ${LOST} end
if ARGV[7] ~= '' then
  local given = redis.call('GET', KEYS[4])
  if given then return {given == ARGV[7] and 0 or 1, redis.call('HGETALL', KEYS[2])} end
  redis.call('SET', KEYS[4], ARGV[7], 'EX', 3600)
end
if ARGV[6] ~= '' then redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[8], '*', 'entry', ARGV[6]) end
if #ARGV > 8 then
  local firsts, best = {}, -math.huge
  for i = 9, #ARGV, 2 do
    local field, by = ARGV[i], ARGV[i + 1]
    local now
    if by == '0' then now = redis.call('HGET', KEYS[2], field) or '0' else now = redis.call('HINCRBYFLOAT', KEYS[2], field, by) end
    if string.sub(field, -2) == ' 0' then
      firsts[field] = tonumber(now)
      best = math.max(best, firsts[field])
    end
  end
  if ARGV[5] ~= '' then
    for field, now in pairs(firsts) do
      local moved = math.max(now - best, -tonumber(ARGV[5])) - now
      if moved ~= 0 then redis.call('HINCRBYFLOAT', KEYS[2], field, string.format('%.17g', moved)) end
    end
  end
  redis.call('HINCRBY', KEYS[2], 'lessons', 1)
  local known = redis.call('HGETALL', KEYS[2])
  redis.call('PUBLISH', ARGV[3], cjson.encode({ARGV[2], ARGV[4], known}))
  return {0, known}
end
return {0, redis.call('HGETALL', KEYS[2])}`
