import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { INPUT, withCart } from './with-cart.js'

test('what is wrong with a command is told in one line, and changes nothing', () =>
  withCart(async (command, value) => {
    const before = await value('apps')
    const wrong: [args: string[], told: RegExp, code?: number][] = [
      [['register', 'choice'], /register takes --default/, 2],
      [['register', 'choice', '--default', 'x'], /--default is x; expected JSON/, 2],
      [['register', 'choice', '--default', '0', '--slo', '-1'], /--slo is -1; expected more than 0/],
      [['register', 'choice', '--default', '0', '--selection', 'exp5'], /there is no selection policy "exp5"; did you mean/],
      [['register', 'choice', '--default', '0', '--selection', '{"policy":"exp3","rate":1}'], /selection "exp3" has no option "rate"/],
      [['register', 'choice', '--default', '0', '--confidence', '7'], /--confidence is 7; expected a number from 0 to 1/],
      [['register', 'choice', '--default', '0', '--reward-range', '[1,0]'], /--reward-range is an array of 2; expected \[low, high\]/],
      [['register', 'choice', '--default', '0', '--overload', 'cry'], /--overload is "cry"; expected/, 2],
      [['register', 'choice', '--default', '0', '--input-type', 'words'], /--input-type is "words"; expected/, 2],
      [['register', 'a/b', '--default', '0'], /the name is "a\/b"; expected 1 to 128 letters/],
      [['register', 'cart', '--default', '0'], /an application named "cart" is there already/],
      [['register', 'choice', '--default', '0', '--link', 'cart', 'car'], /no model is named "car"; did you mean "cart"\?/],
      [['link', 'choice', 'cart'], /no application is named "choice"/],
      [['link', 'cart', 'cart:9'], /cart:9|version: 9/],
      [['unlink', 'cart', 'cart:1'], /"cart:1" is not linked to "cart"/],
      [['replicas', 'cart', '0'], /replicas is 0; expected 1 to 64/],
      [['replicas', 'cart', 'many'], /takes a number/, 2],
      [['replicas', 'cart', '2', '--version', '9'], /version: 9 does not exist/],
      [['delete', 'model', 'cart'], /delete model takes MODEL:VERSION, such as cart:1/, 2],
      [['delete', 'world', 'x'], /--what is "world"|what/, 2],
      [['delete', 'app', 'choice'], /no application is named "choice"/],
      [['promote', 'cart', '9'], /version: 9 does not exist/],
      [['rollback', 'card'], /no model is named "card"; did you mean "cart"\?/],
      [['predict', 'cart', '--input', '[0,0,0'], /--input is \[0,0,0; expected an array of numbers or a string as JSON/, 2],
      [['predict', 'cart', '--input', '"text"'], /input: expected an array/],
      [['predict', 'cart', ...INPUT, '--version', '9'], /version: 9 does not exist/],
      [['feedback', 'cart', '--query', '1', '--reward', '1', '--label', '1'], /feedback takes one of --reward and --label/, 2],
      [['feedback', 'cart', '--query', '1', '--label', '{}'], /--label is \{\}; expected a number, a word or an array/, 2],
      [['predcit', 'cart'], /there is no command "predcit"; did you mean predict\?/, 2],
      [['predict', 'cart'], /it needs --input; see gymnura predict --help/, 2],
      [['predict', ...INPUT], /it takes 1 word after its name, and got 0; see gymnura predict --help/, 2],
      [['promote', 'cart'], /it takes 2 words after its name, and got 1; see gymnura promote --help/, 2],
      [['predict', 'cart', ...INPUT, '--user'], /--user is given without a value; see gymnura predict --help|--url/, 2],
      [['feedback', 'cart', '--query', '1', '--label', 'a,b'], /--label is a,b; expected JSON/, 2],
      [['feedback', 'cart', '--query', '1.5', '--reward', '1'], /queryId is 1\.5/],
      [['play', 'cart', 'CartPol-v1'], /CartPol.*CartPole/],
      [['play', 'none', 'CartPole-v1', '--episodes', '1'], /no application is named "none"/],
      [['play', 'cart', 'CartPole-v1', '--episodes', '0'], /--episodes is 0; expected a whole number, at least 1/, 2],
      [['play', 'cart', 'CartPole-v1', '--seed', '-1'], /--seed is -1; expected a whole number, at least 0/, 2],
    ]
    for (const [args, told, code = 1] of wrong) {
      const outcome = await command(...args)
      assert.is(outcome.code, code, `${args.join(' ')}: ${outcome.stdout}${outcome.stderr}`)
      assert.match(outcome.stderr, told)
      assert.is(outcome.stderr.trimEnd().split('\n').length, 1, outcome.stderr)
    }
    assert.equal(await value('apps'), before)
  }))

test.run()
