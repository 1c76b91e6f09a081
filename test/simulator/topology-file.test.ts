import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { dataCenterBoundMs, fluidBoundMs } from '../../simulator/fluid-bound.ts'
import { parseTopology, readTopologyFile } from '../../simulator/topology-file.ts'

const EXAMPLES = fileURLToPath(new URL('../../simulator/topologies/', import.meta.url))

const LINES = [
  'organizations: { provider: Provider, tenants: [Acme, Globex] }',
  'serviceCenter: { down: 1 Gbit/s, up: 500 Mbit/s, latency: 2 ms }',
  'dataCenters:',
  '  - name: Paris',
  '    wan: { down: 100 Mbit/s, up: 20 Mbit/s, latency: 40 ms, loss: 0.1 %, unavailable: [{ from: 30 s, for: 1 min }] }',
]

/** The smallest topology with these lines in place of those; a text with several lines shifts what follows. */
function changed(changes: Record<number, string>, more: readonly string[] = []): string {
  return [...LINES.map((line, index) => changes[index + 1] ?? line), ...more].join('\n')
}

describe('a topology file', () => {
  test('gives links with rates in bits per second and times in milliseconds', () => {
    const { serviceCenter, dataCenters, lanBitsPerSecond } = parseTopology(changed({}), 'fleet.yaml')
    assert.deepEqual(serviceCenter, {
      downBitsPerSecond: 1e9,
      upBitsPerSecond: 500e6,
      latencyMs: 2,
      lossRatio: 0,
      unavailable: [],
    })
    assert.deepEqual(dataCenters, [
      {
        name: 'Paris',
        wan: {
          downBitsPerSecond: 100e6,
          upBitsPerSecond: 20e6,
          latencyMs: 40,
          lossRatio: 0.001,
          unavailable: [{ fromMs: 30_000, forMs: 60_000 }],
        },
      },
    ])
    assert.equal(lanBitsPerSecond, 10e9)
  })

  test('gives a Service Provider pair where it says nothing of appliances', () => {
    const { appliances } = parseTopology(changed({}), 'fleet.yaml')
    assert.deepEqual(appliances, [
      {
        name: 'paris-sp-primary',
        organization: 'Provider',
        dataCenter: 'Paris',
        kind: 'service-provider',
        role: 'primary',
        group: 'pair',
        diskBytes: 100e9,
      },
      {
        name: 'paris-sp-secondary',
        organization: 'Provider',
        dataCenter: 'Paris',
        kind: 'service-provider',
        role: 'secondary',
        group: 'pair',
        diskBytes: 100e9,
      },
    ])
  })

  const names: [title: string, text: string, expected: string[]][] = [
    [
      'numbers Data Centers of which there are many',
      changed({ 4: '  - name: dc{n}\n    count: 2' }),
      ['dc1-sp-primary', 'dc1-sp-secondary', 'dc2-sp-primary', 'dc2-sp-secondary'],
    ],
    [
      'gives a pair of every tenant for "all"',
      changed({}, ['    serviceProvider: 1', '    tenants: all']),
      [
        'paris-sp-primary',
        'paris-acme-primary',
        'paris-acme-secondary',
        'paris-globex-primary',
        'paris-globex-secondary',
      ],
    ],
    [
      'numbers tenants of which there are many',
      changed({ 1: 'organizations: { provider: Provider, tenants: [{ name: "Org {n}", count: 2 }] }' }, [
        '    serviceProvider: 1',
        '    tenants: [{ organization: Org 2, appliances: 1 }]',
      ]),
      ['paris-sp-primary', 'paris-org-2-primary'],
    ],
    [
      'makes several pairs, other kinds, and groups of more than two',
      changed({}, [
        '    serviceProvider: 3',
        '    tenants:',
        '      - { organization: Acme, pairs: 2 }',
        '      - { organization: Acme, kind: gateway, group: edge, appliances: 1 }',
      ]),
      [
        'paris-sp-primary',
        'paris-sp-secondary',
        'paris-sp-secondary-2',
        'paris-acme-pair-1-primary',
        'paris-acme-pair-1-secondary',
        'paris-acme-pair-2-primary',
        'paris-acme-pair-2-secondary',
        'paris-acme-gateway-edge-primary',
      ],
    ],
    [
      'takes names as they are given',
      changed({}, ['    serviceProvider: [{ name: Île 1, role: primary }, { name: b, role: secondary }]']),
      ['Île 1', 'b'],
    ],
  ]
  for (const [title, text, expected] of names) {
    test(title, () => {
      const { appliances } = parseTopology(text, 'fleet.yaml')
      assert.deepEqual(
        appliances.map(({ name }) => name),
        expected,
      )
    })
  }

  test('gives the disk of the appliance, else of its group, else of its Data Center, else of the file', () => {
    const { appliances } = parseTopology(
      changed({ 2: `${LINES[1]}\ndisk: 1 GB`, 4: '  - name: Paris\n    disk: 2 GB' }, [
        '    serviceProvider: [{ name: a, role: primary, disk: 3 GB }, { name: b, role: secondary }]',
        '    tenants: [{ organization: Acme, disk: 4 GiB, appliances: 1 }, { organization: Globex, appliances: 1 }]',
        '  - { name: Tokyo, wan: { down: 1 bit/s, up: 1 kbit/s }, serviceProvider: 1 }',
      ]),
      'fleet.yaml',
    )
    assert.deepEqual(
      appliances.map(({ diskBytes }) => diskBytes),
      [3e9, 2e9, 4 * 2 ** 30, 2e9, 1e9],
    )
  })

  const mistakes: [title: string, text: string, expected: string[]][] = [
    [
      'an empty file',
      '',
      ['1: the file is empty, expected a topology with organizations, serviceCenter and dataCenters.'],
    ],
    [
      'broken YAML',
      'organizations: { provider: Provider',
      ['1: Flow map in block collection must be sufficiently indented and end with a }.'],
    ],
    [
      'a tag that nobody knows',
      changed({ 3: 'lan: !include 1 Gbit/s\ndataCenters:' }),
      ['3: Unresolved tag: !include.'],
    ],
    ['a key twice', changed({ 3: 'lan: 1 Gbit/s\nlan: 2 Gbit/s\ndataCenters:' }), ['4: Map keys must be unique.']],
    [
      'aliases that would blow up',
      [
        'a: &a [x,x,x,x,x,x,x,x,x,x]',
        'b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]',
        'c: [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]',
      ].join('\n'),
      ['1: Excessive alias count indicates a resource exhaustion attack.'],
    ],
    [
      'a key that is missing',
      changed({ 2: 'serviceCenter: { down: 1 Gbit/s }' }),
      ['2: serviceCenter.up is missing, expected a rate above zero such as 100 Mbit/s.'],
    ],
    [
      'a key that does not belong there',
      changed({ 4: '  - name: Paris\n    colour: red' }),
      [
        '5: dataCenters[0] has nothing called colour, expected one of name, count, wan, disk, serviceProvider, tenants.',
      ],
    ],
    [
      'a key that does not belong in an appliance',
      changed({}, ['    serviceProvider:', '      - name: a', '        role: primary', '        port: 1']),
      ['9: dataCenters[0].serviceProvider[0] has nothing called port, expected one of name, role, disk.'],
    ],
    [
      'a rate without a unit',
      changed({ 5: '    wan: { down: 100, up: 20 Mbit/s }' }),
      ['5: dataCenters[0].wan.down is 100, expected a rate above zero such as 100 Mbit/s.'],
    ],
    [
      'a rate of zero',
      changed({ 5: '    wan:\n      down: 0 Mbit/s\n      up: 20 Mbit/s' }),
      ['6: dataCenters[0].wan.down is "0 Mbit/s", expected a rate above zero such as 100 Mbit/s.'],
    ],
    [
      'megabytes where megabits are meant',
      changed({ 3: 'lan: 100 MB/s\ndataCenters:' }),
      ['3: lan is "100 MB/s", expected a rate above zero such as 100 Mbit/s.'],
    ],
    [
      'a latency that is no duration',
      changed({ 2: 'serviceCenter: { down: 1 Gbit/s, up: 1 Gbit/s, latency: 2 }' }),
      ['2: serviceCenter.latency is 2, expected a duration such as 40 ms or 30 s.'],
    ],
    [
      'a loss of everything',
      changed({ 5: '    wan: { down: 1 Gbit/s, up: 1 Gbit/s, loss: 100 % }' }),
      ['5: dataCenters[0].wan.loss is "100 %", expected a share below 100 % such as 0.1 %.'],
    ],
    [
      'a window that does not say how long',
      changed({ 5: '    wan:\n      down: 1 Gbit/s\n      up: 1 Gbit/s\n      unavailable:\n        - { from: 1 s }' }),
      ['9: dataCenters[0].wan.unavailable[0].for is missing, expected a duration such as 40 ms or 30 s.'],
    ],
    [
      'windows that overlap',
      changed({
        5: '    wan:\n      down: 1 Gbit/s\n      up: 1 Gbit/s\n      unavailable:\n        - { from: 1 s, for: 9 s }\n        - { from: 5 s, for: 1 s }',
      }),
      ['10: the window begins before the one above it has ended, expected windows in order and apart.'],
    ],
    [
      'a disk that is no size',
      changed({ 4: '  - name: Paris\n    disk: big' }),
      ['5: dataCenters[0].disk is "big", expected a size above zero such as 200 GB or 16 MiB.'],
    ],
    [
      'no Data Centers',
      changed({ 3: 'dataCenters: []', 4: '', 5: '' }),
      ['3: dataCenters is [], expected a list of Data Centers, and at least one.'],
    ],
    [
      'a count that is no number',
      changed({ 4: '  - name: dc{n}\n    count: many' }),
      ['5: dataCenters[0].count is "many", expected how many, a whole number from 1 to 10000.'],
    ],
    [
      'a count without a place for the number',
      changed({ 4: '  - name: Paris\n    count: 3' }),
      ['4: the name Paris would be given 3 times, expected {n} in it.'],
    ],
    [
      'a place for a number without a count',
      changed({ 4: '  - name: dc{n}' }),
      ['4: the name dc{n} has {n} in it, expected a count beside it.'],
    ],
    [
      'a Data Center called All',
      changed({ 4: '  - name: All' }),
      ['4: the name "All" "All" stands for every Data Center, expected another name.'],
    ],
    [
      'a second Data Center of the same name',
      changed({}, ['  - name: Paris', '    wan: { down: 1 Gbit/s, up: 1 Gbit/s }']),
      ['6: there is a second Data Center called Paris, expected another name.'],
    ],
    [
      'a second organization of the same name',
      changed({ 1: 'organizations:\n  provider: Provider\n  tenants:\n    - Acme\n    - Provider' }),
      ['5: there is a second organization called Provider, expected another name.'],
    ],
    [
      'an organization that is not listed',
      changed({}, ['    tenants:', '      - { organization: Initech, appliances: 2 }']),
      ['7: there is no organization called Initech, expected one of Provider, Acme, Globex.'],
    ],
    [
      'Service Provider appliances among the tenants',
      changed({}, ['    tenants:', '      - { organization: Acme, kind: service-provider }']),
      ['7: the kind is service-provider, expected such appliances under serviceProvider.'],
    ],
    [
      'both pairs and appliances',
      changed({}, ['    tenants:', '      - { organization: Acme, pairs: 2, appliances: 2 }']),
      ['7: pairs and appliances are both given, expected one of them.'],
    ],
    [
      'a second group of the same name',
      changed({}, ['    tenants:', '      - { organization: Acme }', '      - { organization: Acme }']),
      ['8: Acme has a second group called pair there, expected another group name.'],
    ],
    [
      'a word in place of tenants',
      changed({}, ['    tenants: some']),
      ['6: dataCenters[0].tenants is "some", expected all, or a list of groups.'],
    ],
    [
      'a role that is none',
      changed({}, ['    serviceProvider:', '      - { name: a, role: boss }']),
      ['7: dataCenters[0].serviceProvider[0].role is "boss", expected primary or secondary.'],
    ],
    [
      'two primaries',
      changed({}, ['    serviceProvider: [{ name: a, role: primary }, { name: b, role: primary }]']),
      ['6: the group has 2 primaries, expected one primary.'],
    ],
    [
      'no primary',
      changed({}, ['    serviceProvider: [{ name: b, role: secondary }]']),
      ['6: the group has no primary, expected one primary.'],
    ],
    [
      'an appliance of the same name',
      changed({}, [
        '    serviceProvider: [{ name: a, role: primary }]',
        '    tenants:',
        '      - { organization: Acme, appliances: [{ name: a, role: primary }] }',
      ]),
      ['8: there is a second appliance called a, expected another name.'],
    ],
    [
      'given names where there are many Data Centers',
      changed({ 4: '  - name: dc{n}\n    count: 2' }, ['    serviceProvider: [{ name: a, role: primary }]']),
      ['7: there is a second appliance called a, expected another name.'],
    ],
    [
      'no appliances at all',
      changed({}, ['    serviceProvider: 0']),
      [
        '6: dataCenters[0].serviceProvider is 0, expected how many appliances, or a list of them, a whole number from 1 to 200.',
      ],
    ],
    [
      'several mistakes, in the order of their lines',
      changed({ 1: 'organizations: { provider: 5 }', 5: '    wan: fast' }),
      [
        '1: organizations.provider is 5, expected the name of the Service Provider organization.',
        '5: dataCenters[0].wan is "fast", expected a link such as { down: 100 Mbit/s, up: 50 Mbit/s }.',
      ],
    ],
  ]
  for (const [title, text, expected] of mistakes) {
    test(`refuses ${title}, with the line`, () => {
      assert.throws(() => parseTopology(text, 'fleet.yaml'), {
        name: 'TopologyFileError',
        message: expected.map((line) => `fleet.yaml:${line}`).join('\n'),
      })
    })
  }

  test('says that there is no such file', async () => {
    await assert.rejects(readTopologyFile('/nowhere.yaml'), /the topology \/nowhere\.yaml cannot be read: there is no/)
  })
})

describe('the named examples', () => {
  const sizes: Record<string, [dataCenters: number, appliances: number]> = {
    'flaky-wan.yaml': [3, 14],
    'one-data-center.yaml': [1, 4],
    'slow-site.yaml': [5, 20],
    'small-shaped.yaml': [2, 4],
    'ten-data-centers.yaml': [10, 154],
    'thousand-data-centers.yaml': [1000, 2000],
    'three-shaped.yaml': [3, 9],
    'two-data-centers.yaml': [2, 12],
  }
  test('are all here', () => assert.deepEqual(readdirSync(EXAMPLES).sort(), Object.keys(sizes)))
  for (const [file, expected] of Object.entries(sizes)) {
    test(`${file} has ${expected[0]} Data Centers and ${expected[1]} appliances`, async () => {
      const { dataCenters, appliances } = await readTopologyFile(EXAMPLES + file)
      assert.deepEqual([dataCenters.length, appliances.length], expected)
    })
  }
})

describe('the fluid bound', () => {
  /** S = 1,000,000 bits in all of them. */
  const bounds: [what: string, up: number, dataCenters: [down: number, up: number][], expectedMs: number][] = [
    ['is the Service Center sending one copy, where that is slowest', 1e6, [[1e9, 1e9]], 1000],
    [
      'is the slowest Data Center receiving, where that is slowest',
      1e9,
      [
        [2e6, 1e9],
        [1e9, 1e9],
      ],
      500,
    ],
    [
      'is all sending together, where that is slowest',
      1e6,
      [
        [1e9, 1e5],
        [1e9, 1e5],
        [1e9, 0.3e6],
      ],
      2000,
    ],
  ]
  for (const [what, up, links, expectedMs] of bounds) {
    test(what, () => {
      const text = [
        'organizations: { provider: Provider }',
        `serviceCenter: { down: 1 Gbit/s, up: ${up} bit/s }`,
        'dataCenters:',
        ...links.map(
          ([down, sent], index) => `  - { name: ${index}x, wan: { down: ${down} bit/s, up: ${sent} bit/s } }`,
        ),
      ]
      assert.equal(fluidBoundMs(parseTopology(text.join('\n'), 'fleet.yaml'), 125_000), expectedMs)
    })
  }

  test('of one Data Center is the slower of its own link and what the Service Center sends', async () => {
    const topology = await readTopologyFile(`${EXAMPLES}slow-site.yaml`)
    assert.deepEqual(
      topology.dataCenters.map((dataCenter) => dataCenterBoundMs(topology, dataCenter, 750_000)),
      [1000, 120, 120, 120, 120],
    )
  })
})
