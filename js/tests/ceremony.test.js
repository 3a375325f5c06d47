import assert from 'node:assert/strict'
import { beforeEach, mock, test } from 'node:test'
import { Ceremony, LIMITS } from '../../allauth_moralis/static/moralis/ceremony.js'

const ACCOUNT = { network: 'evm', address: '0xA' }

/** A promise that the test settles. */
function open() {
  const { promise, resolve, reject } = Promise.withResolvers?.() ?? withResolvers()
  return Object.assign(promise, { resolve, reject })
}

function withResolvers() {
  const made = {}
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }))
  return made
}

/** Let everything happen that needs no time. */
const settle = async () => {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve()
}

/** A wallet whose user the test is. */
function walletOf(name, account = ACCOUNT) {
  const wallet = { name, connects: [], signs: [], wishes: [] }
  wallet.connect = (wishes) => {
    const asked = open()
    wallet.wishes.push(wishes)
    wallet.connects.push(asked)
    return asked.then(() => ({
      account,
      sign: (message) => {
        const signing = open()
        wallet.signs.push({
          message,
          answer: (text) => signing.resolve({ signature: text }),
          ...signing,
          reject: signing.reject,
        })
        return signing
      },
    }))
  }
  return wallet
}

let ceremony
let views
let sent
let prepared
let texts
let stops
let ticks

beforeEach(() => {
  mock.timers.reset()
  mock.timers.enable({ apis: ['setTimeout', 'Date'] })
  views = []
  sent = []
  prepared = []
  stops = 0
  ticks = []
  texts = 0
  ceremony = new Ceremony({
    prepare: (account, signal) => {
      const asked = open()
      prepared.push({
        account,
        signal,
        ...asked,
        reject: asked.reject,
        answer: (lifetime = 120_000) => {
          texts += 1
          asked.resolve({ challenge: `c${texts}`, message: `text ${texts}`, lifetime })
        },
      })
      return asked
    },
    send: (_attempt, fields) => {
      sent.push(fields)
      return true
    },
    show: (view) => views.push(view),
    tick: (left) => ticks.push(left),
    stop: () => {
      stops += 1
    },
  })
})

const state = () => views.at(-1).state
const reason = () => views.at(-1).failure?.reason

async function connect(wallet, index = wallet.connects.length - 1) {
  wallet.connects[index].resolve()
  await settle()
}

async function toSigning(wallet) {
  ceremony.press(wallet)
  await connect(wallet)
  prepared.at(-1)?.answer()
  await settle()
}

test('from a press to what is sent', async () => {
  const wallet = walletOf('One')
  await toSigning(wallet)
  wallet.signs[0].answer('0x1')
  await settle()

  assert.deepEqual(
    views.map((view) => view.state),
    ['connecting', 'preparing', 'signing', 'sending'],
  )
  assert.equal(views[2].round.message, 'text 1')
  assert.deepEqual(sent, [{ challenge: 'c1', signature: '0x1' }])
})

test('while a wallet waits, another press on it does nothing', async () => {
  const wallet = walletOf('One')
  ceremony.press(wallet)
  ceremony.press(wallet)
  assert.equal(wallet.connects.length, 1)
  await toSigning(wallet)
  ceremony.press(wallet)
  assert.equal(wallet.signs.length, 1)
})

test('a press on another wallet takes over, and the first is not heard any more', async () => {
  const one = walletOf('One')
  const two = walletOf('Two', { network: 'evm', address: '0xB' })
  await toSigning(one)
  await toSigning(two)
  one.signs[0].answer('0x1')
  await settle()
  assert.equal(state(), 'signing')
  two.signs[0].answer('0x2')
  await settle()
  assert.deepEqual(sent, [{ challenge: 'c2', signature: '0x2' }])
})

for (const name of ['connecting', 'preparing', 'signing', 'sending']) {
  test(`cancelled while ${name}`, async () => {
    const wallet = walletOf('One')
    ceremony.press(wallet)
    if (name !== 'connecting') await connect(wallet)
    if (['signing', 'sending'].includes(name)) prepared[0].answer()
    await settle()
    if (name === 'sending') wallet.signs[0].answer('0x1')
    await settle()
    assert.equal(state(), name)

    ceremony.cancel()

    assert.equal(state(), 'idle')
    assert.equal(reason(), undefined)
    assert.equal(stops, name === 'sending' ? 1 : 0)
    if (name === 'preparing') assert.equal(prepared[0].signal.aborted, true)
    ceremony.press(wallet)
    assert.equal(state(), 'connecting')
  })
}

const OUT_OF_TIME = { connecting: 'silent', preparing: 'network', sending: 'network' }
for (const [name, expected] of Object.entries(OUT_OF_TIME)) {
  test(`out of time while ${name}`, async () => {
    const wallet = walletOf('One')
    ceremony.press(wallet)
    if (name !== 'connecting') await connect(wallet)
    if (name === 'sending') {
      prepared[0].answer()
      await settle()
      wallet.signs[0].answer('0x1')
      await settle()
    }
    assert.equal(state(), name)

    mock.timers.tick(LIMITS[name])

    assert.deepEqual([state(), reason()], ['idle', expected])
    assert.equal(stops, name === 'sending' ? 1 : 0) // or it could succeed after all
  })
}

test('limits of the page replace those of here', async () => {
  ceremony.limits = new Ceremony(ceremony.steps, { connecting: 5000 }).limits
  ceremony.press(walletOf('One'))

  mock.timers.tick(5000)

  assert.deepEqual([ceremony.limits.sending, reason()], [LIMITS.sending, 'silent'])
})

test('a text that runs out is asked for afresh, some times', async () => {
  const wallet = walletOf('One')
  await toSigning(wallet)
  for (let time = 1; time <= LIMITS.renewals; time += 1) {
    mock.timers.tick(120_000)
    prepared[time].answer()
    await settle()
    assert.equal(state(), 'signing')
    assert.equal(wallet.signs[time].message, `text ${time + 1}`)
    assert.equal(views.at(-1).renewals, time)
  }
  mock.timers.tick(120_000)
  assert.deepEqual([state(), reason()], ['idle', 'expired'])
})

test('a text that ran out while the phone slept is asked for afresh when it wakes', async () => {
  const wallet = walletOf('One')
  await toSigning(wallet)
  for (let second = 0; second < 2; second += 1) mock.timers.tick(1000)
  assert.deepEqual(ticks.slice(-3), [120_000, 119_000, 118_000])

  mock.timers.setTime(Date.now() + 600_000) // which moves no timer
  mock.timers.tick(1000)

  assert.equal(state(), 'preparing')
  prepared[1].answer()
  await settle()
  assert.equal(wallet.signs[1].message, 'text 2')
})

test('a text that has run out on its way is not signed, and is asked for afresh, some times', async () => {
  const wallet = walletOf('One')
  ceremony.press(wallet)
  await connect(wallet)
  for (let time = 0; time <= LIMITS.renewals; time += 1) {
    assert.deepEqual([state(), prepared.length], ['preparing', time + 1])
    prepared[time].answer(0)
    await settle()
  }
  assert.deepEqual([state(), reason()], ['idle', 'expired'])
  assert.deepEqual(wallet.signs, [])
})

test('an answer to a text that ran out does not count, and a no to it neither', async () => {
  const wallet = walletOf('One')
  await toSigning(wallet)
  mock.timers.tick(120_000)
  prepared[1].answer()
  await settle()
  wallet.signs[0].reject({ code: 4001 })
  await settle()
  assert.equal(state(), 'signing')
  wallet.signs[1].answer('0x2')
  await settle()
  assert.deepEqual(sent, [{ challenge: 'c2', signature: '0x2' }])
})

test('who tries again signs the same text, as long as it lives', async () => {
  const wallet = walletOf('One')
  await toSigning(wallet)
  ceremony.cancel()
  ceremony.press(wallet)
  await connect(wallet)
  assert.equal(prepared.length, 1)
  assert.equal(wallet.signs[1].message, 'text 1')

  ceremony.cancel()
  mock.timers.tick(110_000)
  ceremony.press(wallet)
  await connect(wallet)
  assert.equal(prepared.length, 2)
})

test('the first of two windows is signed, and the second one declined', async () => {
  const wallet = walletOf('One')
  await toSigning(wallet)
  ceremony.cancel()
  ceremony.press(wallet)
  await connect(wallet)
  wallet.signs[0].answer('0x1')
  await settle()
  wallet.signs[1].reject({ code: 4001 })
  await settle()
  assert.equal(state(), 'sending')
  assert.deepEqual(sent, [{ challenge: 'c1', signature: '0x1' }])
})

test('what is signed after Cancel is taken, once, while its text lives', async () => {
  const wallet = walletOf('One')
  await toSigning(wallet)
  ceremony.cancel()
  wallet.signs[0].answer('0x1')
  await settle()
  assert.equal(sent.length, 1)
})

test('what is signed after Cancel and too late is not taken', async () => {
  const wallet = walletOf('One')
  await toSigning(wallet)
  ceremony.cancel()
  mock.timers.tick(121_000)
  wallet.signs[0].answer('0x1')
  await settle()
  assert.deepEqual(sent, [])
})

test('an approval of an earlier press on the same wallet is taken', async () => {
  const wallet = walletOf('One')
  ceremony.press(wallet)
  ceremony.cancel()
  ceremony.press(wallet)
  await connect(wallet, 0)
  assert.equal(state(), 'preparing')
  await connect(wallet, 1)
  assert.equal(prepared.length, 1)
})

test('an approval after Cancel does not go on', async () => {
  const wallet = walletOf('One')
  ceremony.press(wallet)
  ceremony.cancel()
  await connect(wallet)
  assert.equal(state(), 'idle')
})

test('an approval of before does not stand for the account that is wished for now', async () => {
  const wallet = walletOf('One')
  ceremony.press(wallet)
  ceremony.press(wallet, { again: true, another: true })
  await connect(wallet, 0)
  assert.equal(state(), 'connecting')
  assert.equal(wallet.wishes[1].another, true)
})

test('a request that is still open goes on once it was answered', async () => {
  const wallet = walletOf('One')
  const approval = open()
  wallet.approved = () => approval
  ceremony.press(wallet)
  wallet.connects[0].reject({ code: -32002 })
  await settle()
  assert.deepEqual([state(), reason()], ['idle', 'pending'])
  approval.resolve(true)
  await settle()
  assert.equal(state(), 'connecting')
  assert.equal(wallet.connects.length, 2)
})

for (const press of ['cancel', 'another wallet']) {
  test(`a request that is still open is forgotten after ${press}`, async () => {
    const wallet = walletOf('One')
    const other = walletOf('Two')
    const approval = open()
    wallet.approved = () => approval
    ceremony.press(wallet)
    wallet.connects[0].reject({ code: -32002 })
    await settle()
    if (press === 'cancel') ceremony.cancel()
    else ceremony.press(other)
    approval.resolve(true)
    await settle()
    assert.equal(wallet.connects.length, 1)
  })
}

test('a wallet that fails while it is asked about an open request changes nothing', async () => {
  const wallet = walletOf('One')
  wallet.approved = () => Promise.reject(new Error('no'))
  ceremony.press(wallet)
  wallet.connects[0].reject({ code: -32002 })
  await settle()
  assert.deepEqual([state(), wallet.connects.length], ['idle', 1])
})

test('the site fails to make a text', async () => {
  const wallet = walletOf('One')
  ceremony.press(wallet)
  await connect(wallet)
  prepared[0].reject({ code: 4100 })
  await settle()
  assert.deepEqual([state(), reason()], ['idle', 'locked'])
})

test('a text that comes after Cancel is dropped, and so is a failure to make one', async () => {
  const wallet = walletOf('One')
  for (const end of ['answer', 'reject']) {
    ceremony.press(wallet)
    await connect(wallet)
    ceremony.cancel()
    prepared.at(-1)[end]()
    await settle()
    assert.deepEqual([state(), reason(), wallet.signs.length], ['idle', undefined, 0])
  }
})

for (const signature of [undefined, '', 5, {}]) {
  test(`${JSON.stringify(signature)} is no signature`, async () => {
    const wallet = walletOf('One')
    await toSigning(wallet)
    wallet.signs[0].answer(signature)
    await settle()
    assert.deepEqual([state(), reason(), sent], ['idle', 'walletFailed', []])
  })
}

test('the site sends it in a way of its own', async () => {
  ceremony.steps.send = () => false
  const wallet = walletOf('One')
  await toSigning(wallet)
  wallet.signs[0].answer('0x1')
  await settle()
  assert.deepEqual([state(), reason()], ['idle', undefined])
})

test('no press counts while the site has the word', async () => {
  const wallet = walletOf('One')
  await toSigning(wallet)
  wallet.signs[0].answer('0x1')
  await settle()
  ceremony.press(walletOf('Two'))
  assert.equal(state(), 'sending')
})
