import { testTravel } from './travel.js'

testTravel(64, 0)
